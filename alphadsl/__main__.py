"""`python -m alphadsl`, the same as the command `alphadsl`."""

from alphadsl.start import main

main()
