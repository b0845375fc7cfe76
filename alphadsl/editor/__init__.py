"""What editors need to know about the language: words and colours, and a server for the rest. Works without torch."""
