"""What editors need to know of the language: words and colours, and a server for everything else. Without torch."""
