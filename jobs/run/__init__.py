"""A whole film or still, from job to output. The only place that chains stages."""
