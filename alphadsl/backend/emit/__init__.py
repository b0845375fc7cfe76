"""IR to readable torch text: whole batches (`core`) and the tile functions of a streamed loss (`passes`)."""
