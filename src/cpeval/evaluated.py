"""`Evaluation`: everything that an evaluation found, for a report to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cpeval.result import Result
from cpeval.study import Study

if TYPE_CHECKING:
    from cpeval.fidelity.feedback import Feedback


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
class Delivery:
    """What a report says of how delivery was rated, and a sheet for each site.

    Attributes
    ----------
    instrument : InstrumentNote
    total : str
        The scale that stands for all: the one with the most items.
    scales : dict of str to str
        Scale to its label.
    range : tuple of float or None
        The total's ends.
    informants, silent : tuple of str
        Who rated; and who should have, of whom there is no rating at all.
    rule : str
    complete : float
        Share of units and occasions that every one of ``informants`` rated.
    occasion : object
        The one that the profile is of; None without occasions.
    units_are_people : bool
        Whether people or workers were rated, so that small counts are withheld.
    of_arm : bool
        Whether these are the intervention's alone.
    sheets : dict of str to Feedback
        By site (or team, where there are no sites); places with fewer than ``small_count`` rated
        have none.
    """

    instrument: InstrumentNote
    total: str
    scales: dict[str, str]
    range: tuple[float, float] | None
    informants: tuple[str, ...]
    silent: tuple[str, ...]
    rule: str
    complete: float
    occasion: object
    units_are_people: bool
    of_arm: bool
    sheets: dict[str, Feedback]


@dataclass(frozen=True, kw_only=True, eq=False)
class Networks:
    """What a report says of personal networks, beside their results.

    Attributes
    ----------
    measures : tuple of Outcome
        Those that are compared between arms; columns are ``networks/size`` and so on.
    relation, kind : str or None
        What the alters' categories are called for people.
    only : str
        Which alters were taken, in words; empty for all.
    has_ties : bool
    """

    measures: tuple[Outcome, ...]
    relation: str | None
    kind: str | None
    only: str
    has_ties: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """Everything that an evaluation found, ready to be reported.

    Attributes
    ----------
    title, question : str
        As the study file has them: text, to be escaped where it is shown.
    study : Study
        Its columns and waves.
    outcomes : tuple of Outcome
        The primary one first.
    covariates : tuple of str
        What comparisons adjust for beside the baseline score.
    results : dict of str to Result
        By name: ``data``, ``participants``, ``baseline``, ``reliability``, and for each outcome
        ``<column>/means``, ``<column>/change``, ``<column>/compare``; later follow-ups have the
        wave at the end, ``<column>/compare/12``. With ``[fidelity]`` also ``fidelity/profile``,
        ``fidelity/drift``, ``fidelity/agreement``, ``fidelity/classification`` (with ``cuts``),
        ``fidelity/outcome``; with ``[networks]``
        ``networks/size/means``, ``/change`` and ``/compare`` and the same of other measures,
        ``networks/structure``, ``networks/composition``, ``networks/kinds``,
        ``networks/turnover``, ``networks/average``. What the study lacks the means for is
        absent.
    labels : dict of str to str
        What columns are called for people.
    value_labels : dict of str to dict
        For a column, what its values (as text) mean.
    sources : tuple of Source
        The files that were read, with fingerprints.
    versions : dict of str to str
        Of Python and the libraries that computed.
    instruments : tuple of InstrumentNote
        What a report must say of each.
    small_count : int
        Counts below it are not shown.
    simulated : bool
        Whether the data are simulated, which every output says.
    left_out : dict of str to str
        Analyses that could not be computed, with the reason. For who ran the evaluation: a
        reason may name rows and small counts, so a report names the analyses alone.
    delivery : Delivery or None
        With ``[fidelity]``, how delivery was rated.
    networks : Networks or None
        With ``[networks]``, what of them was compared.
    """

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
    left_out: dict[str, str] = field(default_factory=dict)
    delivery: Delivery | None = None
    networks: Networks | None = None

    def report(self, out: str | Path) -> Path:
        """Write ``report.html``, ``tables.xlsx`` and ``results.json`` into a folder.

        And, where fidelity was rated, a page for each site: ``feedback-<site>.html``.

        Parameters
        ----------
        out : str or pathlib.Path
            The folder; it is made when absent. Files there are replaced only when all three
            were written.

        Returns
        -------
        pathlib.Path
            The page.

        Raises
        ------
        OutputError
            The folder can't be made or written.
        """
        from cpeval.report import write

        return write(self, out)

    def __repr__(self) -> str:
        """Return the title and the names of the results."""
        return f"{self.title}\nResults: {', '.join(self.results)}"

    __str__ = __repr__
