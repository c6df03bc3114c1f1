"""Colour arithmetic: matrices, transfer functions, where chroma lies, chroma at full size."""
