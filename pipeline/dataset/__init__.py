"""Training sets: selection of frames and photos, splits, and the samples made of them."""
