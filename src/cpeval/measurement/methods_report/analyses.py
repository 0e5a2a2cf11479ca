"""Run analyses one after another: one that can't be done is noted and stops none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from cpeval.errors import CpevalError
from cpeval.measurement.methods_report.section import LeftOut
from cpeval.result import Result

R = TypeVar("R", bound=Result)

#: What stands before a warning that one analysis alone gives.
_WHOSE = {
    "items": "Item analysis",
    "total": "Total",
    "dimensions": "Dimensions",
    "scalability": "Scalability",
    "select_scales": "Scale selection",
    "monotonicity": "Monotonicity",
    "invariant_ordering": "Item ordering",
    "reliability": "Internal consistency",
    "dif": "Differential item functioning",
    "icc": "Retest",
    "retest": "Retest",
    "limits_of_agreement": "Limits of agreement",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Analyses:
    """What was found so far, and what could not be.

    Attributes
    ----------
    results : dict of str to Result
        By name.
    left_out : dict of str to LeftOut
        By name.
    """

    results: dict[str, Result] = field(default_factory=dict)
    left_out: dict[str, LeftOut] = field(default_factory=dict)

    def run(self, name: str, told: str, analysis: Callable[[], R]) -> R | None:
        """Run one analysis.

        Parameters
        ----------
        name : str
            Its name among the results.
        told : str
            What it is called in a sentence, such as "Scalability".
        analysis : callable

        Returns
        -------
        Result or None
            None if it raised an error of ours, which is noted.
        """
        try:
            found = analysis()
        except CpevalError as error:
            self.left_out[name] = LeftOut.because(told, error)
            return None
        self.results[name] = found
        return found

    def missing(self, *names: str) -> tuple[LeftOut, ...]:
        """Return what could not be done among these."""
        return tuple(self.left_out[name] for name in names if name in self.left_out)

    def there(self, *names: str) -> tuple[str, ...]:
        """Return which of these were done."""
        return tuple(name for name in names if name in self.results)


def warnings_of(results: Mapping[str, Result]) -> dict[str, str]:
    """Return all warnings, each once: as it is, to the same with the analysis before it.

    Where several analyses give the same warning, none is named.
    """
    whose: dict[str, list[str]] = {}
    for name, result in results.items():
        for text in result.warnings:
            whose.setdefault(text, []).append(name)
    return {
        text: text if len(names) > 1 else f"{_WHOSE[names[0]]}: {text}"
        for text, names in whose.items()
    }
