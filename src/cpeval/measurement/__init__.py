"""Say whether an instrument can be trusted."""

from cpeval.measurement.agreement import Agreement, agreement
from cpeval.measurement.icc import IntraclassCorrelation, icc
from cpeval.measurement.limits_of_agreement import LimitsOfAgreement, limits_of_agreement
from cpeval.measurement.reliability import Reliability, reliability
from cpeval.measurement.responsiveness import Responsiveness, responsiveness

__all__ = [
    "Agreement",
    "IntraclassCorrelation",
    "LimitsOfAgreement",
    "Reliability",
    "Responsiveness",
    "agreement",
    "icc",
    "limits_of_agreement",
    "reliability",
    "responsiveness",
]
