"""What generated code calls. Torch is the only import, so that `show --emit torch` can print a file that runs alone."""
