"""`report`: everything that a methods section needs, under COSMIN's headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument
from cpeval.definitions.scales import Scale
from cpeval.errors import (
    ColumnError,
    OptionError,
    listed,
    require_columns,
    require_level,
    require_option,
)
from cpeval.measurement.item_analysis import items as item_analysis
from cpeval.measurement.item_groups import labels_of, without
from cpeval.measurement.item_scores import MISSING
from cpeval.measurement.methods_report.analyses import Analyses, warnings_of
from cpeval.measurement.methods_report.answers import Answers, answers_of, matched
from cpeval.measurement.methods_report.important_difference import important_difference, scale_of
from cpeval.measurement.methods_report.internal_consistency import internal_consistency
from cpeval.measurement.methods_report.interpretability import (
    feasibility,
    interpretability,
    run_total,
)
from cpeval.measurement.methods_report.invariance import invariance
from cpeval.measurement.methods_report.not_computed import CONTENT, OTHER_MEASURES, RESPONSIVENESS
from cpeval.measurement.methods_report.section import STATISTICS, Section, section_table
from cpeval.measurement.methods_report.stability import (
    error_section,
    reliability_section,
    run_retest,
)
from cpeval.measurement.methods_report.structural_validity import structural_validity
from cpeval.numeric import eager
from cpeval.result import Result
from cpeval.scoring.item_columns import Items
from cpeval.seeds import require_seed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

Floats = NDArray[np.float64]

#: What `MethodsReport.plot` draws: coefficients that can't pass 1.
_COEFFICIENTS = (
    *("H", "Hi_lowest", "HT", "alpha", "omega_total", "lambda2", "mokken_ms"),
    *("item_rest_lowest", "icc_agreement"),
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MethodsReport(Result):
    """A `Result` that tells, in words, what a methods section says of an instrument.

    Attributes
    ----------
    title : str
        The instrument and scale, or how many items there are.
    sections : dict of str to Section
        By heading, in the order of COSMIN's: ``text`` (a paragraph), ``results`` (names),
        ``findings`` (rows of ``table``) and ``left_out`` (what couldn't be computed, and why).
    results : dict of str to Result
        By the name of the function that gave them: items, dimensions, scalability, select_scales,
        monotonicity, invariant_ordering, reliability; dif with a group; icc, retest,
        limits_of_agreement with a retest; and total, of the sum of the items. What couldn't be
        computed is absent.
    n : int
        Rows that have all items (with ``missing="two_way"``: any).
    n_excluded : int
        The other rows.
    n_imputed : int
        Answers filled in.
    n_items : int
        How many items there are.
    level : float
        Coverage of the intervals.
    """

    title: str
    sections: dict[str, Section]
    results: dict[str, Result]
    n: int
    n_excluded: int
    n_imputed: int
    n_items: int
    level: float

    def text(self) -> str:
        """Return the paragraphs, a heading before each, to paste into a methods section.

        No sentence tells of fewer than five people, save the reasons of what was left out.
        """
        return "\n\n".join(f"{name}. {section}" for name, section in self.sections.items())

    def plot(self, ax: Axes | None = None, *, labels: Labels | None = None) -> Axes:
        """Draw the coefficients with their intervals beside the criteria.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        labels : mapping, optional
            Statistic to what to show.
        """
        from cpeval.plots.criteria import against_bounds

        rows = self.table[self.table["statistic"].isin(_COEFFICIENTS)]
        return against_bounds(rows, ax=ax, labels=labels or STATISTICS)

    def page(self, path: str | Path) -> Path:
        """Write one page of HTML that needs neither network nor JavaScript.

        Parameters
        ----------
        path : str or pathlib.Path
            A file that ends in .html, in a folder that exists. It is replaced once whole.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        OptionError
            Another suffix.
        TooFewError
            Fewer than five people: the page is for others, and tells nothing of so few.
        OutputError
            It can't be written.
        """
        from cpeval.report.measurement_page import write

        return write(self, path)

    def __str__(self) -> str:
        """Return the paragraphs, with the note and the warnings below."""
        warned = [f"Warning: {text}" for text in self.warnings]
        return "\n".join([self.text(), "", self.note, *warned])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return paragraphs and table for a notebook; everything from the data is escaped."""
        paragraphs = "".join(
            f"<p><strong>{escape(name)}.</strong> {escape(str(section))}</p>"
            for name, section in self.sections.items()
        )
        return f"<div class='cpeval-report'>{paragraphs}{super()._repr_html_()}</div>"


def report(
    items: IntoDataFrame,
    *,
    instrument: str | Path | Instrument | None = None,
    scale: str | None = None,
    columns: Items = None,
    group: str | Sequence[object] | None = None,
    retest: IntoDataFrame | None = None,
    person: str | None = None,
    range: tuple[float, float] | None = None,
    level: float = 0.95,
    missing: str = "listwise",
    seed: int | np.random.Generator | None = None,
) -> MethodsReport:
    """Say all that a methods section needs of an instrument, under COSMIN's headings.

    Parameters
    ----------
    items : eager dataframe, shape (n_rows, n_columns)
        A column an item, scored: reversed items reversed already; and ``group`` and ``person`` if
        they are columns. With ``instrument``, data that hold its item columns. A row a person.
    instrument : str, pathlib.Path or Instrument, optional
        Scores the items first.
    scale : str, optional
        The column of the instrument's scale whose items are meant, such as ``"sf_36_mh"``.
    columns : str, sequence of str or mapping, optional
        Where the instrument's items are, as `cpeval.score` takes ``items``.
    group : str or sequence, optional
        Two groups that should answer items alike: a column, or the values. See `dif`.
    retest : eager dataframe, optional
        The same items of the same people at another time, with the same columns.
    person : str, optional
        The column in both frames that says whose a row is. Without it, rows are of the same
        people in the same order.
    range : tuple of two numbers, optional
        The lowest and the highest answer, as `cpeval.measurement.items` takes it.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.
    missing : {"listwise", "pairwise", "two_way"}
        Leave out rows that lack an item; use for each pair of items those who answered both where
        that can be done (dimensions, scalability, reliability; elsewhere as listwise); or fill
        gaps in once, before all analyses.
    seed : int or numpy.random.Generator, optional
        For parallel analysis and two-way imputation; without it, each run may differ a little.

    Returns
    -------
    MethodsReport
        ``table``, a row a number: heading, statistic, item (of an extreme), estimate, ci_low,
        ci_high, n, criterion (in words), bound, meets (the criterion: true, false or missing),
        source. Points are of the sum of the items.

    Raises
    ------
    OptionError, LevelError
        An option has a value that it doesn't take; ``person`` without ``retest``; a retest of
        another length.
    ColumnError, CodeError, DataError, DefinitionError, DuplicateError
        As `cpeval.measurement.items` raises them, of either frame; a person missing or twice.
    TooFewError
        Fewer than two items or two rows with an answer; an item that nobody answered.

    Notes
    -----
    Headings are those of COSMIN [1]_. Each analysis is that of the function named like it, with
    its defaults; one that can't be done (too few items, all answers alike, answers that are not
    whole numbers) is left out, and ``sections`` say why. Criteria are published ones:
    ``docs/instrument-report.md`` has them with their sources. A criterion met in one sample is no
    proof that an instrument is good.

    References
    ----------
    .. [1] Mokkink et al. (2010). Journal of Clinical Epidemiology, 63(7), 737-745. Prinsen et al.
       (2018). Quality of Life Research, 27(5), 1147-1157.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> trait = rng.normal(size=(200, 1))
    >>> answers = np.clip(np.rint(2 + trait + rng.normal(0, 0.7, (200, 5))), 0, 4)
    >>> found = report(pd.DataFrame(answers, columns=list("abcde")), range=(0, 4), seed=1)
    >>> print(found.sections["Internal consistency"].text[:60])
    Cronbach's alpha was .86, 95 % CI [.83, .89] (n = 200), whic
    >>> found.table.set_index("statistic").meets["alpha"]
    np.True_
    """
    require_level(level)
    require_seed(seed)
    require_option("missing", missing, MISSING)
    require_columns(eager(items).columns, person, what="The items")
    if retest is not None:
        require_columns(eager(retest).columns, person, what="The retest")
    elif person is not None:
        raise OptionError("'person' says which rows of two frames belong together: give retest=.")
    groups = labels_of(items, group, "group")
    take = partial(
        answers_of,
        instrument=instrument,
        scale=scale,
        columns=columns,
        beside=(group, person),
        missing=missing,
        seed=seed,
    )
    answers = take(items, what="The report")
    totals = None
    if retest is not None:
        totals = _both_totals(answers, take(retest, what="The retest"), items, retest, person)
    done = Analyses()
    done.results["items"] = item_analysis(
        items if instrument is not None else without(items, *answers.beside),
        instrument=instrument,
        scale=scale,
        columns=columns,
        range=range,
    )
    frame, title, important = answers.frame, f"{len(answers.frame.columns)} items", None
    if instrument is not None:
        definition = resolve(instrument)
        named = scale_of(definition, scale)
        title = _title(definition, named)
        important = important_difference(definition, named, made_of=scale is None)
    run_total(done, answers, level)
    run_retest(done, totals, level)
    how = "listwise" if missing == "two_way" else missing
    sections = [
        CONTENT,
        structural_validity(done, frame, missing=how, level=level, seed=seed),
        internal_consistency(done, frame, missing=how, level=level),
        invariance(done, frame, groups),
        reliability_section(done, given=retest is not None, level=level),
        error_section(done, important=important, level=level),
        OTHER_MEASURES,
        RESPONSIVENESS,
        interpretability(
            done,
            important=important,
            known_range=instrument is not None or range is not None,
            level=level,
        ),
        feasibility(done, answers),
    ]
    n = int(answers.complete.sum())
    return MethodsReport(
        table=section_table(sections),
        note=_note(answers, n, level, missing),
        warnings=_warnings(done, answers),
        title=title,
        sections={one.heading: one for one in sections},
        results=done.results,
        n=n,
        n_excluded=len(frame) - n,
        n_imputed=answers.n_imputed,
        n_items=len(frame.columns),
        level=level,
    )


def _both_totals(
    first: Answers,
    second: Answers,
    items: IntoDataFrame,
    retest: IntoDataFrame,
    person: str | None,
) -> Floats:
    """Return the totals at both occasions, a row each of the first, shape (n_rows, 2)."""
    names, others = list(first.frame.columns), list(second.frame.columns)
    if set(names) != set(others):
        absent = [name for name in names if name not in others]
        new = [name for name in others if name not in names]
        faults = [
            *([f"it has no {listed(absent)}"] if absent else []),
            *([f"the items have no {listed(new)}"] if new else []),
        ]
        raise ColumnError(
            f"'retest' must have the same items: {'; '.join(faults)}. Name the column of people "
            "with person=, and leave out what is no item."
        )
    place = matched(items, retest, person)
    again = np.append(second.totals, np.nan)[place]
    return np.column_stack([first.totals, again])


def _title(definition: Instrument, scale: Scale) -> str:
    every = len(definition.items_of(scale)) == len(definition.items)
    return definition.title if every else f"{definition.title}: {scale.label}"


def _note(answers: Answers, n: int, level: float, missing: str) -> str:
    gaps = {
        "listwise": "rows that lack an item are left out",
        "pairwise": "dimensions, scalability and reliability use for each pair of items the rows "
        "that have both, other analyses the rows that have all",
        "two_way": "gaps were filled in by two-way imputation",
    }[missing]
    return (
        f"Measurement properties of {len(answers.frame.columns)} items among {n} rows that have "
        f"them all, under the headings of COSMIN (Mokkink et al., 2010; Prinsen et al., 2018); "
        f"{100 * level:g} % intervals; {gaps}."
    )


def _warnings(done: Analyses, answers: Answers) -> tuple[str, ...]:
    """Return the warnings of all results, each once."""
    imputed = (
        [
            f"{answers.n_imputed} of {answers.frame.size} answers were missing and filled in by "
            "two-way imputation; intervals don't know that."
        ]
        if answers.n_imputed
        else []
    )
    return (*imputed, *warnings_of(done.results).values())
