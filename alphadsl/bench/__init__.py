"""What a loss costs: time and memory of a step, beside what a researcher would write by hand and what others ship."""
