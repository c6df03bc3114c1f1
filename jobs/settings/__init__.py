"""Job files and options: from text, in layers, to checked and frozen values."""
