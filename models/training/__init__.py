"""How networks are trained: loop, losses, adversary, schedule, validation."""
