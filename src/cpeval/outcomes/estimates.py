"""One analysis's answer: what a row of a comparison holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimate:
    """The difference of the arms, intervention minus comparison, as one analysis gives it.

    ``analysis`` names it in a table, ``method`` says in words how it was computed. What isn't
    known is NaN; an interval may be infinite.
    """

    analysis: str
    method: str
    estimate: float
    se: float
    statistic: float
    df: float
    p: float
    ci_low: float
    ci_high: float

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers, by the columns that hold them."""
        names = ("estimate", "se", "statistic", "df", "p", "ci_low", "ci_high")
        return {name: float(getattr(self, name)) for name in names}
