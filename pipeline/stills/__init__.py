"""Stills: PNG, JPEG and TIFF in and out, colour beside an untouched luma, and everything else they carried."""
