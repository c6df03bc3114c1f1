"""Streams cut into units that are the same in every container, and what changes within a sound."""
