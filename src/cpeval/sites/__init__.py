"""Compare sites: which differ, by how much, and how surely."""

from cpeval.sites.balance import Balance, balance
from cpeval.sites.caterpillar import Caterpillar, caterpillar
from cpeval.sites.effects import SiteEffects, effects
from cpeval.sites.funnel import Funnel, funnel

# Functions have the names of their modules. Importing all of them here, once, makes sure that
# the package's attributes are the functions.
__all__ = [
    "Balance",
    "Caterpillar",
    "Funnel",
    "SiteEffects",
    "balance",
    "caterpillar",
    "effects",
    "funnel",
]
