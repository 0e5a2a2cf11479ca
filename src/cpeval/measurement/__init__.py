"""Say whether an instrument can be trusted."""

from cpeval.measurement.reliability import Reliability, reliability

__all__ = ["Reliability", "reliability"]
