"""Colour arithmetic: matrices, transfer functions, positions of chroma samples, enlargement of chroma."""
