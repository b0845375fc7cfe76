"""Studies: many configurations of losses and runs, tried, scored and recorded."""
