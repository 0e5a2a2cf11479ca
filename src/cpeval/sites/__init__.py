"""Compare sites: which differ, by how much, and how surely."""

from cpeval.sites.funnel import Funnel, funnel

# Functions have the names of their modules. Importing all of them here, once, makes sure that
# the package's attributes are the functions.
__all__ = [
    "Funnel",
    "funnel",
]
