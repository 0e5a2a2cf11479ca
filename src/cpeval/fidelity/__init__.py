"""Say how faithfully a programme was delivered, from several informants' ratings."""

from cpeval.fidelity.classify import Classification, classify
from cpeval.fidelity.decision_study import DecisionStudy, decision_study
from cpeval.fidelity.generalisability import Generalisability, generalisability

# Functions have the names of their modules. Importing all of them here, once, makes sure that
# the package's attributes are the functions.
__all__ = [
    "Classification",
    "DecisionStudy",
    "Generalisability",
    "classify",
    "decision_study",
    "generalisability",
]
