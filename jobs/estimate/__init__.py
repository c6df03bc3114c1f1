"""What a film will cost: a sample is really done, and the whole is priced from it."""
