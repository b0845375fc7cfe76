"""A loss step in memory linear in the batch: by tiles with online statistics, or by blocks of whole rows."""
