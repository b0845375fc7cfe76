"""A loss, a network and images become a trained encoder, and checkpoints on the way."""
