"""The concrete syntax of alphadsl, one Lark file."""
