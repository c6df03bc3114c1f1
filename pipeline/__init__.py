"""Stages of the film path, from probe to mux. Each is a function of its inputs; none knows of jobs."""
