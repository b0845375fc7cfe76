"""IR to IR: from the family an author chose to the core that a backend evaluates. Errors here are not the user's."""
