"""How faithfully a programme was delivered: ratings by informants, and from data."""

from cpeval.fidelity.auto_score import AutoScored, auto_score
from cpeval.fidelity.read_rating_sheet import read_rating_sheet

# Functions have the names of their modules. Importing all of them here, once, makes sure that
# the package's attributes are the functions.
__all__ = [
    "AutoScored",
    "auto_score",
    "read_rating_sheet",
]
