"""Say whether an instrument can be trusted."""

from cpeval.measurement.dimensionality import Dimensions, dimensions
from cpeval.measurement.item_analysis import ItemAnalysis, items
from cpeval.measurement.reliability import Reliability, reliability

__all__ = ["Dimensions", "ItemAnalysis", "Reliability", "dimensions", "items", "reliability"]
