"""Training sets: frames and photos worth keeping, their splits, and samples made of them."""
