"""Reports the progress of a run: bars, log lines, JSON, and the lines of a render farm's worker."""
