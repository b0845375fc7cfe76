"""From IR to readable torch code: whole batches (`core`) and the tile functions of a streamed loss (`passes`)."""
