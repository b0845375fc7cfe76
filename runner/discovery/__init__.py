"""A search for losses: a space, parents, rungs of training and a time budget come in; candidates that held up come out.

`plan` says what a search is, `log` records what it did, `rungs` train, `search` breeds and promotes, `front` selects,
`report` and `picture` show. What a candidate may be, and which ones are new, is decided by `alphadsl.discover`.
"""
