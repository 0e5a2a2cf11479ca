"""Say whether an instrument can be trusted."""

from cpeval.measurement.dif import DifferentialFunctioning, dif
from cpeval.measurement.invariant_ordering import InvariantOrdering, invariant_ordering
from cpeval.measurement.monotonicity import Monotonicity, monotonicity
from cpeval.measurement.reliability import Reliability, reliability
from cpeval.measurement.scalability import Scalability, scalability
from cpeval.measurement.select_scales import ScaleSelection, select_scales

__all__ = [
    "DifferentialFunctioning",
    "InvariantOrdering",
    "Monotonicity",
    "Reliability",
    "Scalability",
    "ScaleSelection",
    "dif",
    "invariant_ordering",
    "monotonicity",
    "reliability",
    "scalability",
    "select_scales",
]
