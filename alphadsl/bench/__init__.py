"""The cost of a loss: time and memory of a step, compared with code written by hand and with other libraries."""
