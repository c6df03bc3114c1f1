"""Says what of a machine works, by using it: libraries, GPU, encoders, weights, disk, locks, a film of two frames."""
