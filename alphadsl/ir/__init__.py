"""What a loss is: nodes, atoms, facts, traversal and text; no torch, no syntax, no diagnostics' prose."""
