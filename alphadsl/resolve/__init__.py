"""From the surface tree to the IR: names, inheritance, other losses, levels, parameters, families, and lookup of specs.

A loss that cannot be resolved is refused here; a resolved loss that violates a mathematical condition, in `prove`.
"""
