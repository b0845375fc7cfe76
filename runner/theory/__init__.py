"""The paper's statements as experiments (Tian 2022, arXiv 2201.12680): a loss and data come in; a table, a picture and
a verdict on each statement come out. Everything is computed in float64 on the CPU from a seed.

Here, beside the trainer, and not in the compiler's package: an experiment needs data sets, networks and trained runs,
and of a loss no more than what every user has, its value and its importances.
"""
