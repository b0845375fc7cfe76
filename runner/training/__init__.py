"""A loss, a network and images become a trained encoder, with checkpoints on the way."""
