"""Compare sites, honestly when they are few."""

from cpeval.sites.inference import JointTest
from cpeval.sites.linear import Linear, linear
from cpeval.sites.mixed import Mixed, mixed
from cpeval.sites.wild_bootstrap import WildBootstrap, wild_bootstrap

__all__ = ["JointTest", "Linear", "Mixed", "WildBootstrap", "linear", "mixed", "wild_bootstrap"]
