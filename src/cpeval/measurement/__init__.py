"""Say whether an instrument can be trusted."""

from cpeval.measurement.reliability import Reliability, reliability
from cpeval.measurement.scalability import Scalability, scalability
from cpeval.measurement.select_scales import ScaleSelection, select_scales

__all__ = [
    "Reliability",
    "Scalability",
    "ScaleSelection",
    "reliability",
    "scalability",
    "select_scales",
]
