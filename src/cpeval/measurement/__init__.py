"""Say whether an instrument can be trusted."""

from cpeval.measurement.agreement import Agreement, agreement
from cpeval.measurement.dif import DifferentialFunctioning, dif
from cpeval.measurement.dimensionality import Dimensions, dimensions
from cpeval.measurement.icc import IntraclassCorrelation, icc
from cpeval.measurement.invariant_ordering import InvariantOrdering, invariant_ordering
from cpeval.measurement.item_analysis import ItemAnalysis, items
from cpeval.measurement.limits_of_agreement import LimitsOfAgreement, limits_of_agreement
from cpeval.measurement.monotonicity import Monotonicity, monotonicity
from cpeval.measurement.reliability import Reliability, reliability
from cpeval.measurement.responsiveness import Responsiveness, responsiveness
from cpeval.measurement.scalability import Scalability, scalability
from cpeval.measurement.select_scales import ScaleSelection, select_scales

__all__ = [
    "Agreement",
    "DifferentialFunctioning",
    "Dimensions",
    "IntraclassCorrelation",
    "InvariantOrdering",
    "ItemAnalysis",
    "LimitsOfAgreement",
    "Monotonicity",
    "Reliability",
    "Responsiveness",
    "Scalability",
    "ScaleSelection",
    "agreement",
    "dif",
    "dimensions",
    "icc",
    "invariant_ordering",
    "items",
    "limits_of_agreement",
    "monotonicity",
    "reliability",
    "responsiveness",
    "scalability",
    "select_scales",
]
