"""What a researcher asks of a loss: what it weighs and how, what is proven of it, and which losses are the same."""
