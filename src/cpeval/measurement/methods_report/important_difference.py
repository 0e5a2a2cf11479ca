"""The important difference that an instrument's definition has, in points of the items' sum."""

from __future__ import annotations

from dataclasses import dataclass

from cpeval.definitions.model import Instrument
from cpeval.definitions.scales import Scale
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


def scale_of(definition: Instrument, scale: str | None) -> Scale:
    """Return the scale that is meant: by its column, else the first of all items."""
    if scale is not None:
        return definition.scale(scale)
    every = [item.code for item in definition.items]
    return next(
        one
        for one in definition.scored
        if one.items is not None and definition.items_of(one) == every
    )


def important_difference(
    definition: Instrument, scale: Scale, *, made_of: bool
) -> ImportantDifference | None:
    """Return the one that a scale has, or (if ``made_of``) a score that is made of it alone."""
    scores = [scale]
    if made_of and scale.name:
        scores += [one for one in definition.scored if one.of == scale.name]
    for score in scores:
        found = score.important_difference
        if found is not None:
            slope = points_of_sum(definition, score)
            return ImportantDifference(
                value=found.value,
                points=None if slope is None else found.value * slope,
                source=found.source,
                verified=found.verified,
            )
    return None


def points_of_sum(definition: Instrument, scale: Scale) -> float | None:
    """Return how many points of the sum of its items one point of a score is.

    None where the score is no stretch of that sum.

    Examples
    --------
    >>> from cpeval.definitions.catalogue import resolve
    >>> who_5 = resolve("who_5")
    >>> points_of_sum(who_5, who_5.scale("who_5")), points_of_sum(who_5, who_5.scale("who_5_raw"))
    (0.25, 1.0)
    """
    slope: float | None
    if scale.of is not None:
        under = next(one for one in definition.scales if one.name == scale.of)
        slope = points_of_sum(definition, under) if scale.linear is not None else None
    elif scale.items is None or scale.weights or scale.combine not in _SUMS:
        return None
    else:
        slope = 1.0 if scale.combine == "sum" else float(len(definition.items_of(scale)))
    if slope is None or scale.lookup is not None:
        return None
    if scale.linear is not None:
        (a, b), (c, d) = scale.linear.start, scale.linear.end
        if c == d:
            return None
        slope *= abs((b - a) / (d - c))
    return slope


_SUMS = ("sum", "mean")
