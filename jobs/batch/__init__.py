"""Many films and stills in one command: finds them, does each that is not done yet, and says what became of all."""
