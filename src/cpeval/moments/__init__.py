"""Moments of sites: cross-products, made once, and the estimators that need nothing else."""
