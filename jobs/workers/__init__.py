"""Processes that do segments: of this machine, and of a Dask cluster."""
