"""Runs a whole film, or stills, from job to output. The only place that chains stages."""
