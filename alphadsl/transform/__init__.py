"""IR to IR: from the family an author chose to the core a backend evaluates. Nothing here can be the user's fault."""
