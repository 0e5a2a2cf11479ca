"""One heading of the report: what was found, in words and rows, and what could not be."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cpeval.errors import CpevalError, OptionError, TooFewError
from cpeval.measurement.methods_report.criteria import Criterion
from cpeval.measurement.methods_report.rounding import coefficient, interval

NAN = float("nan")

#: What the rows of the table are about, for people.
STATISTICS = {
    "dimensions_parallel": "Dimensions, parallel analysis",
    "dimensions_map": "Dimensions, MAP",
    "H": "Scalability H",
    "Hi_lowest": "Lowest item scalability",
    "items_in_first_scale": "Items in the first Mokken scale",
    "monotonicity_crit": "Monotonicity, largest crit",
    "ordering_crit": "Item ordering, largest crit",
    "HT": "Item ordering, HT",
    "alpha": "Cronbach's alpha",
    "omega_total": "Omega total",
    "lambda2": "Guttman's lambda 2",
    "mokken_ms": "Molenaar & Sijtsma's rho",
    "item_rest_lowest": "Lowest item-rest correlation",
    "items_flagged": "Items with DIF",
    "dif_r2_change": "DIF, largest change of R²",
    "icc_agreement": "Test-retest ICC, agreement",
    "sem_alpha": "SEM from alpha",
    "sdc_alpha": "Smallest detectable change from alpha",
    "sem_agreement": "SEM, test-retest",
    "sdc_agreement": "Smallest detectable change, test-retest",
    "limit_lower": "Lower limit of agreement",
    "limit_upper": "Upper limit of agreement",
    "total_mean": "Mean of the total",
    "total_sd": "Standard deviation of the total",
    "floor": "Share at the lowest total",
    "ceiling": "Share at the highest total",
    "important_difference": "Important difference",
    "complete": "Share of complete rows",
    "missing_largest": "Largest share missing of an item",
}

COLUMNS = (
    "heading",
    "statistic",
    "item",
    "estimate",
    "ci_low",
    "ci_high",
    "n",
    "criterion",
    "bound",
    "meets",
    "source",
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A number that a methods section gives; a row of the report's table."""

    statistic: str
    estimate: float
    ci_low: float = NAN
    ci_high: float = NAN
    n: int
    item: str = ""
    criterion: Criterion | None = None

    @classmethod
    def of(
        cls,
        statistic: str,
        row: Mapping[Hashable, Any],
        *,
        item: str = "",
        criterion: Criterion | None = None,
    ) -> Finding:
        """Take estimate, interval and n from a row of a result's table."""
        return cls(
            statistic=statistic,
            estimate=float(row["estimate"]),
            ci_low=float(row.get("ci_low", NAN)),
            ci_high=float(row.get("ci_high", NAN)),
            n=int(row["n"]),
            item=item,
            criterion=criterion,
        )

    def limits(self, level: float, how: Callable[[float], str] = coefficient) -> str:
        """Return the interval to follow the estimate, if there is one."""
        return interval(self.ci_low, self.ci_high, level, how)

    @property
    def meets(self) -> bool | None:
        """Whether it meets its criterion; None without one, or without a number."""
        return None if self.criterion is None else self.criterion.met(self.estimate)

    def row(self, heading: str) -> dict[str, Any]:
        """Return the row of the table."""
        rule = self.criterion
        return {
            "heading": heading,
            "statistic": self.statistic,
            "item": self.item,
            "estimate": self.estimate,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
            "n": self.n,
            "criterion": "" if rule is None else str(rule),
            "bound": NAN if rule is None else rule.bound,
            "meets": self.meets,
            "source": "" if rule is None else rule.source,
        }


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """An analysis that could not be done.

    Attributes
    ----------
    name : str
        What it is called in a sentence.
    reason : str
        The error's message.
    shareable : bool
        Whether the reason is about numbers of people and items alone: others may quote single
        answers.
    """

    name: str
    reason: str
    shareable: bool

    @classmethod
    def because(cls, name: str, error: CpevalError) -> LeftOut:
        """Take the reason from an error."""
        return cls(
            name=name,
            reason=" ".join(str(error).split()),
            shareable=isinstance(error, TooFewError | OptionError),
        )

    def __str__(self) -> str:
        return f"{self.name} could not be computed: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Section:
    """What stands under one heading.

    Attributes
    ----------
    heading : str
        As COSMIN has it.
    text : str
        A paragraph for a methods section. Nothing in it tells of fewer than five people, but the
        reasons of what was left out may: they stand in ``left_out``.
    results : tuple of str
        The names of the results behind it, in `MethodsReport.results`.
    findings : tuple of Finding
        The numbers of the paragraph, as the report's table has them.
    left_out : tuple of LeftOut
        What could not be computed.
    """

    heading: str
    text: str
    results: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = field(default=())
    left_out: tuple[LeftOut, ...] = ()

    def __str__(self) -> str:
        return " ".join(part for part in (self.text, *map(str, self.left_out)) if part)


def rows_by(table: pd.DataFrame, column: str) -> dict[str, dict[Hashable, Any]]:
    """Return a table's rows, each by what it has in a column.

    >>> rows_by(pd.DataFrame({"term": ["mean"], "estimate": [2.5]}), "term")
    {'mean': {'term': 'mean', 'estimate': 2.5}}
    """
    return {str(row[column]): row for row in table.to_dict("records")}


def section_table(sections: Sequence[Section]) -> pd.DataFrame:
    """Return all findings, a row each."""
    rows = [found.row(one.heading) for one in sections for found in one.findings]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"meets": "boolean", "estimate": float, "n": "int64"})
