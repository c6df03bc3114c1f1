"""Worker processes that do segments, on this machine or on a Dask cluster."""
