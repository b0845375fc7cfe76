"""Data sets are read into splits of images, and views are made from splits."""
