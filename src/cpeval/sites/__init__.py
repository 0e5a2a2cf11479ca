"""Compare sites, honestly when they are few."""

from cpeval.sites.balance import Balance, balance
from cpeval.sites.caterpillar import Caterpillar, caterpillar
from cpeval.sites.cluster_summary import ClusterSummary, cluster_summary
from cpeval.sites.diagnostics import Diagnostics, diagnostics
from cpeval.sites.difference_in_differences import (
    DifferenceInDifferences,
    difference_in_differences,
)
from cpeval.sites.effects import SiteEffects, effects
from cpeval.sites.funnel import Funnel, funnel
from cpeval.sites.gee import EstimatingEquations, gee
from cpeval.sites.heterogeneity import Heterogeneity, heterogeneity
from cpeval.sites.icc import ClusterCorrelation, icc
from cpeval.sites.inference import JointTest
from cpeval.sites.linear import Linear, linear
from cpeval.sites.mixed import Mixed, mixed
from cpeval.sites.noise_cost import NoiseCost, noise_cost
from cpeval.sites.permutation import Permutation, permutation
from cpeval.sites.power import Power, power
from cpeval.sites.wild_bootstrap import WildBootstrap, wild_bootstrap

# Functions have the names of their modules. Importing all of them here, once, makes sure that
# the package's attributes are the functions.
__all__ = [
    "Balance",
    "Caterpillar",
    "ClusterCorrelation",
    "ClusterSummary",
    "Diagnostics",
    "DifferenceInDifferences",
    "EstimatingEquations",
    "Funnel",
    "Heterogeneity",
    "JointTest",
    "Linear",
    "Mixed",
    "NoiseCost",
    "Permutation",
    "Power",
    "SiteEffects",
    "WildBootstrap",
    "balance",
    "caterpillar",
    "cluster_summary",
    "diagnostics",
    "difference_in_differences",
    "effects",
    "funnel",
    "gee",
    "heterogeneity",
    "icc",
    "linear",
    "mixed",
    "noise_cost",
    "permutation",
    "power",
    "wild_bootstrap",
]
