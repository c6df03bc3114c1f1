"""Supervises processes from outside: crashes, hangs and signals; keeps their heaps small and their idle threads asleep."""
