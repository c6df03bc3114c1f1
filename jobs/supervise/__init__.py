"""Supervises processes from outside: crashes, hangs and signals; limits the growth of their heaps."""
