"""Luma and chroma proxy to coded frames."""
