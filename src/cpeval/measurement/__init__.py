"""Say whether an instrument can be trusted."""

from cpeval.measurement.change.responsiveness import Responsiveness, responsiveness
from cpeval.measurement.consistency.reliability import Reliability, reliability
from cpeval.measurement.item_analysis import ItemAnalysis, items
from cpeval.measurement.item_bias.dif import DifferentialFunctioning, dif
from cpeval.measurement.methods_report.report import MethodsReport, report
from cpeval.measurement.mokken.invariant_ordering import InvariantOrdering, invariant_ordering
from cpeval.measurement.mokken.monotonicity import Monotonicity, monotonicity
from cpeval.measurement.mokken.scalability import Scalability, scalability
from cpeval.measurement.mokken.select_scales import ScaleSelection, select_scales
from cpeval.measurement.raters.agreement import Agreement, agreement
from cpeval.measurement.raters.icc import IntraclassCorrelation, icc
from cpeval.measurement.raters.limits_of_agreement import LimitsOfAgreement, limits_of_agreement
from cpeval.measurement.structure.dimensionality import Dimensions, dimensions

__all__ = [
    "Agreement",
    "DifferentialFunctioning",
    "Dimensions",
    "IntraclassCorrelation",
    "InvariantOrdering",
    "ItemAnalysis",
    "LimitsOfAgreement",
    "MethodsReport",
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
    "report",
    "responsiveness",
    "scalability",
    "select_scales",
]
