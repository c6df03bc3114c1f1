"""Proof that luma came through unchanged, and hashes of files and streams."""
