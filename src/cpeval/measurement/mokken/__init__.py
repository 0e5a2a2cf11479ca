"""Mokken scaling: how well items form a scale, which do, and whether their order is one for all."""
