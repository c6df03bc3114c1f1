"""Weights measured against true colours, on the very colour path that films take."""
