"""Say whether an instrument can be trusted."""

from cpeval.measurement.reliability import Reliability, reliability
from cpeval.measurement.scalability import Scalability, scalability

__all__ = ["Reliability", "Scalability", "reliability", "scalability"]
