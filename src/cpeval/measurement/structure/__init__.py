"""How many dimensions items have, and which item belongs to which."""
