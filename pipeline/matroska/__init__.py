"""Matroska's own header (RFC 9559): what FFmpeg drops of tags, chapters and languages is carried from file to file.

`read_header` reads a film's, `carry_over` completes a file that FFmpeg has written, `dropped_items` names what another
container cannot hold.
"""
