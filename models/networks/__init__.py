"""The networks and what they compute with: Lab, folded batch norm. No optimizer, no file, no device choice."""
