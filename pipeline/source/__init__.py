"""Reads films: headers, colour tags, decoded frames and their planes."""
