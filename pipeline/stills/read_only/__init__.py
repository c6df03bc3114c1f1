"""Stills that are read but not written: JPEG 2000, WebP, AVIF, HEIC, GIF, BMP, and single DPX and OpenEXR files.

`read_any_still` in `formats.py` is for the rest of the program; the other modules read one family each.
"""
