"""`feedback`: a sheet for a team, what goes well first, and what the next level looks like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.definitions.model import Instrument
from cpeval.errors import OptionError, did_you_mean, listed, require_whole
from cpeval.fidelity.assessments import Agreed
from cpeval.fidelity.feedback_rows import WITHHELD, item_rows, scale_rows
from cpeval.fidelity.now_and_last_time import last_time, now_at
from cpeval.fidelity.occasion_order import in_words
from cpeval.fidelity.place_items import PlaceItems, values_in
from cpeval.fidelity.shareable import units_are_people
from cpeval.number_agreement import counted
from cpeval.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True, eq=False)
class Feedback(Result):
    """A sheet for a team: from `feedback`.

    Attributes
    ----------
    table : pandas.DataFrame
        A row an item, strengths first (the best of them on top), then what to work on (the
        lowest on top), then what is withheld: group ("strength", "next", "withheld"), item (its
        code), label, estimate (mean agreed rating; NaN where withheld), previous, change, share
        (of the way from the worst to the best level), level and anchor (the next described
        level, as a code and in words; missing where there is none), n (units rated).
    scales : pandas.DataFrame
        scale, label, estimate, previous, n.
    site, team : object
        Whose sheet it is; None where it was not said.
    place : str
        The site and team in words.
    occasion, previous : object
        Which occasions are compared; None without. The first and the last date in words where
        units were rated on several.
    n_units : int
        Units rated at the place on the occasion.
    units_are_people : bool
        Whether units are people or workers, so that small counts are withheld.
    small_count : int
        Means of fewer people are withheld.
    instrument : Instrument
    """

    scales: pd.DataFrame
    site: object
    team: object
    place: str
    occasion: object
    previous: object
    n_units: int
    units_are_people: bool
    small_count: int
    instrument: Instrument

    @property
    def withheld(self) -> bool:
        """Whether nothing at all may be shown: too few people were rated."""
        return bool((self.table["group"] == WITHHELD).all())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each item now, and last time as an open mark.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.now_and_before import now_and_before

        return now_and_before(self.table, ax=ax)

    def to_html(self, path: str | Path) -> Path:
        """Write the sheet as a page that prints on one side of A4.

        Parameters
        ----------
        path : str or pathlib.Path
            Ends in ``.html``; a file that is there is replaced once the new one is whole.

        Raises
        ------
        OptionError, OutputError
            Another suffix, or it can't be written.
        """
        from cpeval.report.feedback_page import write_page

        return write_page(self, path)

    def to_docx(self, path: str | Path) -> Path:
        """Write the sheet as a Word document of one page, to be edited by the team.

        Needs python-docx: ``pip install "cpeval[docx]"``.

        Parameters
        ----------
        path : str or pathlib.Path
            Ends in ``.docx``; a file that is there is replaced once the new one is whole.

        Raises
        ------
        MissingLibraryError
            python-docx is not installed.
        OptionError, OutputError
            Another suffix, or it can't be written.
        """
        from cpeval.report.feedback_document import write_document

        return write_document(self, path)


def feedback(
    agreed: Agreed,
    *,
    site: object = None,
    team: object = None,
    occasion: object = None,
    previous: object = None,
    small_count: int = 5,
) -> Feedback:
    """Make a one-page sheet for a team or site.

    Parameters
    ----------
    agreed : Agreed
        From `triangulate`.
    site, team : optional
        Whose sheet, as the study's columns of site and team have it: one of them, or both.
    occasion : optional
        When; by default the last occasion on which the place was rated (of dates, each unit's
        own last one).
    previous : optional
        What to compare with: an earlier occasion, or another `Agreed` of the same instrument (its
        last occasion then). By default the occasion before on which the place was rated, if any
        (of dates, each unit's own one before).
    small_count : int, default 5
        Means of fewer people (or workers) are withheld. Where the unit rated is a team or a site
        there is nobody to protect, and nothing is. 1 turns it off.

    Returns
    -------
    Feedback
        ``to_html(path)`` and ``to_docx(path)`` write the sheet.

    Raises
    ------
    OptionError
        ``agreed`` is none; neither site nor team, or no such; no such occasion; another
        instrument's `Agreed`.
    TooFewError
        The place has no rating on the occasion.

    Notes
    -----
    An item's score is the mean of its agreed ratings over the place's units. What is said of it
    (share, level, the group it is in) goes by the score as the sheet shows it, to one decimal (to
    more where codes have more), so that no 3.0 is told to reach level 3, and equal scores are in
    the same group. An item goes well
    from three quarters of the way between the worst and the best level. Where none does, the three
    best are the strongest so far, with those that tie with the third if that makes no more than
    five (else without it). Nothing stands out where all are equal, or at the worst level.

    Where occasions are dates, teams of a site may have been visited on different ones. Now is then
    each unit's own last date, and last time the one before it; ``occasion`` and ``previous`` are
    the first and the last of these dates.

    The sheet names the place, never a person.

    Examples
    --------
    >>> import cpeval as cp
    >>> made = cp.simulate(seed=1)
    >>> agreed = cp.fidelity.triangulate(made.joined("fidelity"), "connecting_people", made.study,
    ...                                  informant="informant", assessor="assessor")
    >>> sheet = feedback(agreed, site="Trust A")
    >>> sheet.previous, sheet.occasion, len(sheet.table)
    ('t0', 't1', 18)
    """
    if not isinstance(agreed, Agreed):
        raise OptionError(
            f"'agreed' must be what cp.fidelity.triangulate returns. Got {type(agreed).__name__}."
        )
    require_whole("small_count", small_count, least=1)
    here = _place(agreed, site, team)
    now = now_at(agreed, here, occasion)
    if isinstance(previous, Agreed):
        before: PlaceItems | None = _other(agreed, previous, site, team)
    else:
        before = last_time(agreed, here, now, occasion, previous)
    people = units_are_people(agreed)
    least = small_count if people else 1
    place = " · ".join(str(one) for one in (site, team) if one is not None)
    table = item_rows(agreed.instrument, now, before, least)
    return Feedback(
        table=table,
        note=_note(agreed, now, before, place),
        warnings=tuple(_warnings(table, now, small_count)),
        scales=scale_rows(agreed.instrument, now, before, least),
        site=site,
        team=team,
        place=place,
        occasion=now.occasion,
        previous=None if before is None else before.occasion,
        n_units=now.n_units,
        units_are_people=people,
        small_count=small_count,
        instrument=agreed.instrument,
    )


def _place(agreed: Agreed, site: object, team: object) -> np.ndarray:
    """Return which cells are of the place."""
    study, cells = agreed.study, agreed.cells
    here = np.ones(len(cells), dtype=bool)
    if site is None and team is None:
        raise OptionError("Whose sheet? Say site= or team=.")
    for role, value in (("site", site), ("team", team)):
        if value is None:
            continue
        column = getattr(study, role)
        if column not in agreed.unit:
            raise OptionError(
                f"These ratings have no column of {role}s ({column!r}), so {role}= can't be told."
            )
        known = values_in(cells[column][here])
        if value not in known:
            raise OptionError(
                f"There is no {role} {value!r}{did_you_mean(value, known)}. "
                f"There are {listed(known)}."
            )
        here &= (cells[column] == value).to_numpy(dtype=bool, na_value=False)
    several = study.site in agreed.unit and site is None
    if several and len(values_in(cells[study.site][here])) > 1:
        raise OptionError(
            f"Several sites have a team {team!r}: {listed(values_in(cells[study.site][here]))}. "
            "Say site= too."
        )
    return here


def _other(agreed: Agreed, previous: Agreed, site: object, team: object) -> PlaceItems:
    """Average the place's ratings in another `Agreed`."""
    codes = [[i.code for i in one.items] for one in (previous.instrument, agreed.instrument)]
    if previous.instrument.name != agreed.instrument.name or codes[0] != codes[1]:
        raise OptionError(
            f"'previous' is of {previous.instrument.name} ({len(codes[0])} items), the "
            f"ratings of {agreed.instrument.name} ({len(codes[1])} items)."
        )
    return now_at(previous, _place(previous, site, team))


def _note(agreed: Agreed, now: PlaceItems, before: PlaceItems | None, place: str) -> str:
    when = f" at {in_words(now.occasion)}" if now.occasion is not None else ""
    beside = ""
    if before is not None:
        last = "last time" if before.occasion is None else in_words(before.occasion)
        beside = f", beside {last}"
    return (
        f"{agreed.instrument.title}: {place}{when}{beside}. Means of agreed ratings "
        f"(rule: {agreed.rule})."
    )


def _warnings(table: pd.DataFrame, now: PlaceItems, small_count: int) -> list[str]:
    n = int((table["group"] == WITHHELD).sum())
    if n == 0:
        return []
    if n == len(table):
        return [f"Fewer than {small_count} were rated, so nothing is shown."]
    words = "{n} item[s] [is|are] not shown: fewer than {few} were rated, or nobody was."
    return [counted(n, words, few=small_count)]
