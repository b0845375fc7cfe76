"""IR to numbers: the float64 interpreter that every test trusts, and the generated torch code that is fast."""
