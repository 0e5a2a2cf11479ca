"""`evaluate()`: a study file in, an `Evaluation` out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cpeval.result import Result
    from cpeval.study import Study


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One outcome of a study: a column of scores and how to read it."""

    column: str
    label: str
    primary: bool = False
    better: str | None = None
    range: tuple[float, float] | None = None
    instrument: str | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file that was read, and its fingerprint."""

    file: str
    sha256: str
    n_rows: int
    n_columns: int


@dataclass(frozen=True, kw_only=True)
class InstrumentNote:
    """What a report says of an instrument."""

    name: str
    title: str
    citation: str
    status: str
    status_note: str
    licence: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """Everything that an evaluation found, ready to be reported."""

    title: str
    question: str
    study: Study
    outcomes: tuple[Outcome, ...]
    covariates: tuple[str, ...]
    results: dict[str, Result]
    labels: dict[str, str]
    value_labels: dict[str, dict[str, str]]
    sources: tuple[Source, ...]
    versions: dict[str, str]
    instruments: tuple[InstrumentNote, ...]
    small_count: int = 5
    simulated: bool = False

    def report(self, out: str | Path) -> Path:
        """Write ``report.html``, ``tables.xlsx`` and ``results.json`` into a folder.

        Parameters
        ----------
        out : str or pathlib.Path
            The folder; it is made when absent. Files there are replaced only when all three
            were written.

        Returns
        -------
        pathlib.Path
            The page.
        """
        from cpeval.report import write

        return write(self, out)
