"""How far a run is, for whoever watches: bars, log lines, JSON, the lines of a farm's worker."""
