"""A configuration becomes a network that this machine computes correctly."""
