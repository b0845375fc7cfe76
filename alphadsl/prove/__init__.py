"""IR and what is derived from it to facts, or refusals: after this, nothing is the user's fault.

The calculus of `transform` proves what directions alone do not show.
"""
