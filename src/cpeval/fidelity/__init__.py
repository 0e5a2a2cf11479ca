"""Say how faithfully a programme was delivered, from several informants' ratings."""

from cpeval.fidelity.assessments import Agreed, Ratings

__all__ = [
    "Agreed",
    "Ratings",
]
