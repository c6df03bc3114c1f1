"""The run of a training: data, log, checkpoints."""
