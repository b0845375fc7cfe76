"""What a run leaves behind: its folder, whose it is, its curves; tables and figures of several."""
