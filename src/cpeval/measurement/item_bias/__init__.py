"""Whether an item means the same in two groups."""
