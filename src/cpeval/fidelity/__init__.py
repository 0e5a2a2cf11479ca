"""Say how faithfully a programme was delivered, from several informants' ratings."""

from cpeval.fidelity.assessments import Agreed, Ratings
from cpeval.fidelity.consensus import Consensus
from cpeval.fidelity.score import score
from cpeval.fidelity.triangulate import triangulate

__all__ = [
    "Agreed",
    "Consensus",
    "Ratings",
    "score",
    "triangulate",
]
