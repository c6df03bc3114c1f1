"""The table of source kinds: what is kept, converted or refused of each, and why."""
