"""Luma in, chroma proxy out: prediction, its smoothing in time, and the grade of a shot."""
