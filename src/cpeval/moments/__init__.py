"""Moments of sites: cross-products, made once, and the estimators that need nothing else."""

from cpeval.moments.site_moments import SiteMoments

__all__ = ["SiteMoments"]
