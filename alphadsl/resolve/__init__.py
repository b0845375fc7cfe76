"""Surface tree to IR: names, inheritance, other losses, levels, parameters, families; and where spec files are found.

What cannot be resolved is refused here; what is false about a resolved loss is refused in `prove`.
"""
