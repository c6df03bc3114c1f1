"""Colours and renders segments: the colour first, then the picture, in parallel threads."""
