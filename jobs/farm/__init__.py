"""Exports a film as work for a render farm: OpenJD templates, Slurm scripts, command lists."""
