"""Say how faithfully a programme was delivered, from several informants' ratings and from data."""

from cpeval.fidelity.agreement import InformantAgreement, agreement
from cpeval.fidelity.assessments import Agreed, Ratings
from cpeval.fidelity.auto_score import AutoScored, auto_score
from cpeval.fidelity.classify import Classification, classify
from cpeval.fidelity.consensus import Consensus, read_consensus
from cpeval.fidelity.decision_study import DecisionStudy, decision_study
from cpeval.fidelity.disagreements import Disagreements, disagreements
from cpeval.fidelity.dose import Dose, dose
from cpeval.fidelity.drift import Drift, drift
from cpeval.fidelity.feedback import Feedback, feedback
from cpeval.fidelity.generalisability import Generalisability, generalisability
from cpeval.fidelity.profile import Profile, profile
from cpeval.fidelity.read_rating_sheet import read_rating_sheet
from cpeval.fidelity.score import score
from cpeval.fidelity.triangulate import triangulate

# Functions have the names of their modules. Importing all of them here, once, makes sure that
# the package's attributes are the functions.
__all__ = [
    "Agreed",
    "AutoScored",
    "Classification",
    "Consensus",
    "DecisionStudy",
    "Disagreements",
    "Dose",
    "Drift",
    "Feedback",
    "Generalisability",
    "InformantAgreement",
    "Profile",
    "Ratings",
    "agreement",
    "auto_score",
    "classify",
    "decision_study",
    "disagreements",
    "dose",
    "drift",
    "feedback",
    "generalisability",
    "profile",
    "read_consensus",
    "read_rating_sheet",
    "score",
    "triangulate",
]
