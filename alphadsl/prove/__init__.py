"""From the IR and its derived quantities to proved facts or refusals: later errors are not the user's.

The calculus of `transform` proves what monotonicity rules alone do not show.
"""
