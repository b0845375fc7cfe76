"""What is asked for and what it runs on: a checked configuration, the device and its threads."""
