"""A loss step in memory linear in the batch: by tiles with statistics carried online, or by strips of whole rows."""
