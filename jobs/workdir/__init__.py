"""The work folder of a film: records of segments, locks, fingerprints, status and caches."""
