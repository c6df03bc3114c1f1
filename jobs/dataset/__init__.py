"""The run that makes a training set from films and stills."""
