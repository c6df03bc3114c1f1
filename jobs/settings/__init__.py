"""Reads job files and options in layers and turns them into checked, frozen values."""
