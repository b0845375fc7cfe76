"""The command line: typer commands over the package; torch is imported only by the commands that train."""
