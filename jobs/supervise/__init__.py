"""Supervises processes from outside: crashes, hangs, signals; forks some that share memory; keeps heaps small and idle
threads asleep."""
