"""What the results of several seeds say: arrays come in; differences, intervals, tests and sentences come out."""
