"""The slow float64 semantics of the IR, in NumPy: the reference for compiled losses, signs, plots and comparisons."""
