"""What a run is asked to do and what it runs on: a checked configuration, the device and its threads."""
