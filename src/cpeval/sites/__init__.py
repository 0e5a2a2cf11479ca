"""Compare sites, honestly when they are few."""

from cpeval.sites.inference import JointTest
from cpeval.sites.linear import Linear, linear

__all__ = ["JointTest", "Linear", "linear"]
