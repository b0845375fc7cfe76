"""The command line: typer commands over the package; only commands that train import torch."""
