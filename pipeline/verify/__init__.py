"""Proves that the luma came through unchanged, and hashes files and streams."""
