"""The library of losses, one `.alpha` file each; `alphadsl list` shows them."""
