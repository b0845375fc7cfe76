"""From text to surface tree."""
