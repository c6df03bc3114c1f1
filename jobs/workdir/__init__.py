"""The work folder of a film: records of finished segments, locks, fingerprints, status and caches."""
