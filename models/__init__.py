"""Networks that give colour to luma, their losses, training and weights. Knows tensors, not films."""
