"""New losses from known ones: a space and admitted losses come in; admitted losses that are new come out.

`space` says what may be written; `positions` where in a loss something else may be put; `grow`, `mutate` and `paths`
write; `gates` let through what is admitted, sound and not familiar. There is no torch and no training here: those are
in the runner.
"""
