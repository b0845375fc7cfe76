"""Runs side by side: groups of runs come in; differences by seed, tables, figures and one page come out."""
