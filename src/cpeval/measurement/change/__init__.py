"""Whether a measure notices change."""
