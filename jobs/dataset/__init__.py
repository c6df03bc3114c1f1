"""Makes a training set from films and stills."""
