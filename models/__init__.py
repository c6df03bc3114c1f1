"""Networks that predict colour from luma, their losses, training and weights. Works on tensors, not on films."""
