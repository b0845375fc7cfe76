"""Data sets become splits of images; splits become views."""
