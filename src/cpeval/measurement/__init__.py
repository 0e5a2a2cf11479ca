"""Say whether an instrument can be trusted."""

from cpeval.measurement.agreement import Agreement, agreement
from cpeval.measurement.reliability import Reliability, reliability

__all__ = ["Agreement", "Reliability", "agreement", "reliability"]
