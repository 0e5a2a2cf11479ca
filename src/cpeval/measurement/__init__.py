"""Say whether an instrument can be trusted."""

from cpeval.measurement.dif import DifferentialFunctioning, dif
from cpeval.measurement.invariant_ordering import InvariantOrdering, invariant_ordering
from cpeval.measurement.monotonicity import Monotonicity, monotonicity
from cpeval.measurement.reliability import Reliability, reliability

__all__ = [
    "DifferentialFunctioning",
    "InvariantOrdering",
    "Monotonicity",
    "Reliability",
    "dif",
    "invariant_ordering",
    "monotonicity",
    "reliability",
]
