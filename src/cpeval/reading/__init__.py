"""Files in, one table out."""
