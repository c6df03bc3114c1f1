"""Texts of tags, and the character encodings that old files have them in."""
