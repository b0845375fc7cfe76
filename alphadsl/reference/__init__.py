"""The slow float64 meaning of the IR, in NumPy: what compiled losses, signs, plots and comparisons are held to."""
