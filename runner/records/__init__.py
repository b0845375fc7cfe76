"""What a run leaves behind: its folder, its identity and its curves; tables and figures of several runs."""
