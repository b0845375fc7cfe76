"""From IR to numbers: the fast generated torch code, and the module around it."""
