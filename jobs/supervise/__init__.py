"""Processes watched from outside: crashes, hangs, signals, and a heap that grows."""
