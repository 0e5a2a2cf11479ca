"""Instrument definitions: the model that validates them, and the catalogue that ships."""
