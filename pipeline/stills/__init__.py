"""Reads and writes stills in PNG, JPEG and TIFF: adds colour to an untouched luma and keeps all metadata."""
