"""The table of what is kept, converted or refused of every kind of source, and why."""
