"""Say whether people changed, and whether it was the programme."""

from cpeval.outcomes.baseline import Baseline, baseline
from cpeval.outcomes.change import Change, change
from cpeval.outcomes.compare import compare
from cpeval.outcomes.comparison import Comparison
from cpeval.outcomes.means import Means, means
from cpeval.outcomes.participants import Participants, participants

# Functions have the names of their modules. Importing all of them here, once, makes sure that
# the package's attributes are the functions.
__all__ = [
    "Baseline",
    "Change",
    "Comparison",
    "Means",
    "Participants",
    "baseline",
    "change",
    "compare",
    "means",
    "participants",
]
