"""What a researcher wants to know about a loss: what it weighs and how, what is proved about it, and which losses are
the same."""
