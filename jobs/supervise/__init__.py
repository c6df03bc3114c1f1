"""Supervises processes from outside: crashes, hangs, signals; keeps heaps small and idle threads asleep."""
