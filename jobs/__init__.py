"""Jobs: the command line, job files, work folders, and the only place that chains stages."""
