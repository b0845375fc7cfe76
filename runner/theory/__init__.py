"""The paper's statements as experiments (Tian 2022, arXiv 2201.12680): a loss and data come in; a table, a picture and
a verdict on each statement come out. Everything is computed in float64 on the CPU from a seed.

This is next to the trainer, and not in the compiler's package, because an experiment needs data sets, networks and
trained runs. Of a loss it needs only what every user has: its value and its importances.
"""
