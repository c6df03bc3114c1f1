"""The errors of the models package, by what the caller can do about them.

ModelError
├── WeightsError   (ValueError)  a weights file or checkpoint cannot be read, or is of another architecture
└── TrainingError  (ValueError)  a training setting or training set does not work, or the loss is not finite
"""


class ModelError(Exception):
    """Base of every error of networks, weights and training that a user can cause and cure."""


class WeightsError(ModelError, ValueError):
    """A weights file or checkpoint cannot be read, or belongs to another architecture."""


class TrainingError(ModelError, ValueError):
    """A training setting or training set does not work, or the loss is not finite."""
