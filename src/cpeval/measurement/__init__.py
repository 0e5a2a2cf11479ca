"""Say whether an instrument can be trusted."""

from cpeval.measurement.invariant_ordering import InvariantOrdering, invariant_ordering
from cpeval.measurement.monotonicity import Monotonicity, monotonicity
from cpeval.measurement.reliability import Reliability, reliability

__all__ = [
    "InvariantOrdering",
    "Monotonicity",
    "Reliability",
    "invariant_ordering",
    "monotonicity",
    "reliability",
]
