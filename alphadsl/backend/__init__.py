"""IR to numbers: the generated torch code that is fast, and the module around it."""
