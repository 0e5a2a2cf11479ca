"""Personal networks: egos, their alters, and the ties among those."""
