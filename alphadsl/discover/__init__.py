"""New losses from known ones: a space and admitted losses come in, admitted losses that are new come out.

`space` says what may be written; `places` where in a loss something else may stand; `grow`, `mutate`, `paths` write;
`gates` let through what is admitted, sound and not familiar. No torch, no training: that is the runner's.
"""
