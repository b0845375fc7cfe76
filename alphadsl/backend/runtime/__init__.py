"""What generated code calls. It imports only torch, so that `show --emit torch` can print a file that runs alone."""
