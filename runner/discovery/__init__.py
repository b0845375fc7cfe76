"""A search for losses: a space, parents, rungs of training and a budget of time come in; candidates that held come out.

`plan` says what a search is, `log` keeps what it did, `rungs` train, `search` breeds and promotes, `front` picks,
`report` and `picture` show. What a candidate may be, and which are new, is `alphadsl.discover`.
"""
