"""The important difference that an instrument's definition has, in points of the items' sum."""

from __future__ import annotations

from dataclasses import dataclass

from cpeval.definitions.scales import Scale
from cpeval.measurement.methods_report.answers import points_of_sum
from cpeval.measurement.methods_report.criteria import Criterion
from cpeval.measurement.methods_report.rounding import number


@dataclass(frozen=True, kw_only=True)
class ImportantDifference:
    """A published difference that matters to people.

    Attributes
    ----------
    value : float
        In points of the score.
    points : float or None
        In points of the sum of the items; None where the score is no stretch of that sum.
    source : str
    verified : bool
        Whether the source was seen.
    """

    value: float
    points: float | None
    source: str
    verified: bool

    def larger_than_error(self) -> Criterion | None:
        """Return what COSMIN asks of the smallest detectable change; None without points."""
        if self.points is None:
            return None
        return Criterion(words="below", bound=self.points, source="Prinsen et al. (2018)")

    def __str__(self) -> str:
        same = self.points is not None and abs(self.points - self.value) < 1e-9
        in_sum = (
            "" if same or self.points is None else f" ({number(self.points)} of the items' sum)"
        )
        doubt = "" if self.verified else "; not verified"
        return f"{self.value:g} points of the score{in_sum} ({self.source.rstrip('.')}{doubt})"


def important_difference(scale: Scale | None, k: int) -> ImportantDifference | None:
    """Return the one that a scale of k items has, if any."""
    if scale is None or scale.important_difference is None:
        return None
    found = scale.important_difference
    slope = points_of_sum(scale, k)
    return ImportantDifference(
        value=found.value,
        points=None if slope is None else found.value * slope,
        source=found.source,
        verified=found.verified,
    )
