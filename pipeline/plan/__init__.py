"""One pass over a source: times, hashes, shots, segments and damage."""
