"""Estimates time, disk and memory of a film from a sample that is really coloured and rendered."""
