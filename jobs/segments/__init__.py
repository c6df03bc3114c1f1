"""The work on one segment, colour first and then picture, in lanes side by side."""
