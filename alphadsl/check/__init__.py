"""Surface tree to IR, or refusals: names, levels, families, mathematics. After this, nothing is the user's fault.

Beside `ir`, only the calculus of `transform` is used here (derivatives and simplification), to prove what directions
alone do not show.
"""
