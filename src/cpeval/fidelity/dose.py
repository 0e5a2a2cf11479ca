"""`dose`: how much of what was planned people got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import ArrayLike

from cpeval.errors import OptionError, did_you_mean, is_number, listed
from cpeval.fidelity.dose_contacts import Codes, Contacts, Floats, read_contacts
from cpeval.fidelity.dose_plan import DosePlan, dose_plan
from cpeval.fidelity.ordered_codes import coded, combined
from cpeval.fidelity.small_counts import is_small, small_warning
from cpeval.number_agreement import counted
from cpeval.people.rows import people_text, require_study
from cpeval.result import Result
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TERMS = ("coverage", "frequency", "duration", "content")
ALL = "all"


@dataclass(frozen=True, kw_only=True, eq=False)
class Dose(Result):
    """How much of what was planned people got: from `dose`.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a team (or site) and term, everyone first: site and team, as far as known ("all" for
        everyone), term, estimate, planned, ratio, n (people that the estimate is from), small (1
        to 4 people: not for sharing). Of coverage the estimate is the number of people reached; of
        frequency contacts a period; of duration minutes a contact; of content how many of the
        planned kinds.
    people : pandas.DataFrame
        A row a person: their columns, reached, contacts, periods, frequency (contacts a period),
        duration (mean minutes of a contact), content (how many of the planned kinds), and the
        ratio to what was planned for each of the three (``frequency_ratio`` …), as far as planned.
    capped : bool
        Whether more than planned counts as all that was planned.
    n_unlisted : int
        Rows of contacts with people who are not listed.
    n_unknown : int
        People of whose contacts some numbers are missing.
    """

    people: pd.DataFrame
    capped: bool
    n_unlisted: int
    n_unknown: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the ratios of teams, a row a team and term.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.intervals import rows_of_dots

        drawn = self.table.dropna(subset=["ratio"])
        places = list(drawn.columns[: list(drawn.columns).index("term")])
        names = [
            " · ".join(str(part) for part in dict.fromkeys([*place, term]))
            for *place, term in drawn[[*places, "term"]].itertuples(index=False)
        ]
        table = drawn[["ratio"]].rename(columns={"ratio": "estimate"})
        return rows_of_dots(table, names, ax=ax, xlabel="Share of what was planned", guides=[1.0])


def dose(
    contacts: IntoDataFrame,
    study: Study,
    *,
    planned: Mapping[str, Any],
    people: IntoDataFrame | None = None,
    count: str | None = None,
    minutes: str | None = None,
    content: str | None = None,
    period: str | None = None,
    periods: float | None = None,
    capped: bool = True,
) -> Dose:
    r"""Compare contacts with what was planned: coverage, frequency, duration and content.

    Parameters
    ----------
    contacts : eager dataframe
        One row a contact; or, with ``count``, one row for several contacts alike.
    study : Study
        Its person must be a column; site and team are taken from ``people``, or from here.
    planned : mapping
        Some of: ``people``, how many to reach (a number, or team to number; (site, team) where
        teams of two sites share a name); ``frequency``, contacts a period; ``duration``, minutes
        a contact; ``content``, a list of kinds that each person should get.
    people : eager dataframe, optional
        Whom the programme was for: a row a person, or a person and period. Whoever has no row
        among the contacts then counts with none. Without it, only people with a row are known,
        and who got nothing is missed: ``warnings`` say so.
    count : str, optional
        Column: how many contacts a row stands for (0 is allowed). By default one.
    minutes : str, optional
        Column: how long a contact was (the mean, where a row stands for several).
    content : str, optional
        Column: what the contact was about, or which kind it was.
    period : str, optional
        Column: which period (week, wave). A person's periods are those in which ``people`` has
        them, or, if it lacks the column, all; without ``people``, those of their rows.
    periods : float, optional
        How many periods all contacts cover, where no column says it.
    capped : bool, default True
        Whether a ratio above 1 counts as 1: much contact with some doesn't make up for none with
        others. ``estimate`` is never capped.

    Returns
    -------
    Dose
        ``table``: by team and over all; ``people``: by person.

    Raises
    ------
    OptionError
        An argument is wrong, or what was planned lacks its column.
    ColumnError
        Columns are absent, or not numbers.
    DataError
        Numbers below 0, rows without a person, people in two places.
    TooFewError
        There are no people.

    Notes
    -----
    The four parts of adherence after Carroll et al. [1]_: coverage is people with a contact,
    beside people planned (those listed, unless ``planned`` says how many); frequency is contacts
    over periods, its mean over all people, those without contact included; duration is a person's
    minutes over contacts, content how many of the planned kinds a person got, both over people
    reached. A team's ratio is the mean of its people's, but for coverage. No sum of the four is
    made: the framework names none.

    A missing number of contacts makes that person's frequency missing; contacts with missing
    minutes are left out of their mean. Both are counted.

    References
    ----------
    .. [1] Carroll, Patterson, Wood, Booth, Rick & Balain (2007). A conceptual framework for
       implementation fidelity. Implementation Science, 2, 40.

    Examples
    --------
    >>> import cpeval as cp
    >>> made = cp.simulate(seed=1)
    >>> got = dose(made.services, made.study, people=made.people, period="wave",
    ...            count="contacts", minutes="minutes",
    ...            planned={"frequency": 20, "duration": 30})
    >>> got.table.query("team == 'all'")[["term", "estimate", "planned"]].round(1)
            term  estimate  planned
    0   coverage     150.0    150.0
    1  frequency      19.1     20.0
    2   duration      48.9     30.0
    """
    require_study(study)
    plan = dose_plan(planned)
    if not isinstance(capped, bool):
        raise OptionError(f"'capped' should be True or False. Got {capped!r}.")
    if periods is not None and not (is_number(periods) and 0 < periods < float("inf")):
        raise OptionError(f"'periods' should be a number above 0. Got {periods!r}.")
    for key, column in (("duration", minutes), ("content", content)):
        if getattr(plan, key) is not None and column is None:
            said = "minutes=" if key == "duration" else "content="
            raise OptionError(f"A planned {key} needs the column that holds it: {said}")
    read = read_contacts(
        contacts,
        study,
        people=people,
        count=count,
        minutes=minutes,
        content=content,
        period=period,
        periods=periods,
    )
    made, other, n_timeless = _by_person(read, plan, capped=capped)
    table = _by_place(read, made, plan, study, capped=capped)
    table["small"] = is_small(table["n"])
    unknown = int(made["frequency"].isna().sum())
    return Dose(
        table=table,
        note=(
            f"Dose after Carroll et al. (2007) of {len(made)} people: coverage, contacts a "
            f"{period or 'period'}, minutes a contact and kinds of content, beside what was "
            f"planned. Ratios are means over people"
            f"{', at most 1 each' if capped else ''}."
        ),
        warnings=(
            *_warnings(read, plan, other, unknown, n_timeless),
            *small_warning(table["small"]),
        ),
        people=made,
        capped=capped,
        n_unlisted=read.n_unlisted,
        n_unknown=unknown,
    )


def _by_person(
    read: Contacts, plan: DosePlan, *, capped: bool
) -> tuple[pd.DataFrame, list[object], int]:
    """Return the table of people, content that was not planned, contacts without minutes."""
    n = len(read.people)
    known = ~np.isnan(read.count)
    count = np.where(known, read.count, 0.0)
    total = np.bincount(read.person, count, n)
    gap = np.bincount(read.person[~known], minlength=n) > 0
    made = read.people.copy()
    made["reached"] = total > 0
    made["contacts"] = np.where(gap, np.nan, total)
    made["periods"] = read.periods
    made["frequency"] = made["contacts"] / np.where(read.periods > 0, read.periods, np.nan)
    _with_ratio(made, "frequency", plan.frequency, capped)
    n_timeless, other = 0, []
    if read.minutes is not None:
        timed = ~np.isnan(read.minutes)
        n_timeless = int(count[~timed & (count > 0)].sum())
        length = np.where(timed, read.minutes, 0.0) * count
        made["duration"] = _over(
            np.bincount(read.person, length, n), np.bincount(read.person, count * timed, n)
        )
        _with_ratio(made, "duration", plan.duration, capped)
    if read.content is not None and plan.content is not None:
        kind = pd.Index(list(plan.content), dtype=object).get_indexer(
            pd.Index(read.content.astype(object))
        )
        rows = np.flatnonzero((kind >= 0) & (count > 0))
        got = np.zeros((n, len(plan.content)), dtype=bool)
        got[read.person[rows], kind[rows]] = True
        made["content"] = np.where(total > 0, got.sum(axis=1), np.nan)
        made["content_ratio"] = made["content"] / len(plan.content)
        strange = read.content[(kind < 0) & (count > 0)].dropna()
        other = list(strange.unique())
    return made, other, n_timeless


def _with_ratio(made: pd.DataFrame, name: str, planned: float | None, capped: bool) -> None:
    if planned is not None:
        ratio = made[name] / planned
        made[f"{name}_ratio"] = ratio.clip(upper=1.0) if capped else ratio


def _over(total: ArrayLike, n: ArrayLike) -> Floats:
    """Divide, NaN where there is nothing to divide by."""
    total, n = np.asarray(total, dtype=float), np.asarray(n, dtype=float)
    mean: Floats = np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)
    return mean


def _by_place(
    read: Contacts, made: pd.DataFrame, plan: DosePlan, study: Study, *, capped: bool
) -> pd.DataFrame:
    """Return a row a place and term, everyone first."""
    places = list(read.places)
    rows = np.arange(len(made))
    if places:
        rows = np.flatnonzero(made[places].notna().all(axis=1))
        code, first = combined(*(coded(made[name].iloc[rows])[0] for name in places))
        labels = made[places].iloc[rows].take(first).reset_index(drop=True)
    else:
        code, labels = np.zeros(0, dtype=np.intp), pd.DataFrame()
    group = np.concatenate([np.zeros(len(made), dtype=np.intp), code + 1])
    person = np.concatenate([np.arange(len(made)), rows if places else rows[:0]])
    k = len(labels) + 1
    wanted = _people_planned(read, plan, labels, study, np.bincount(group, minlength=k))
    parts: list[pd.DataFrame] = []
    estimate: Floats
    ratio: Floats
    heads = pd.concat([pd.DataFrame([dict.fromkeys(places, ALL)]), labels], ignore_index=True)
    for term in TERMS:
        if term == "coverage":
            if np.isnan(wanted).all():
                continue
            n, planned = np.bincount(group, minlength=k), wanted
            estimate = np.bincount(group, made["reached"].to_numpy()[person], k).astype(float)
            share = np.asarray(estimate / planned, dtype=float)
            ratio = np.minimum(share, 1.0) if capped else share
        elif term in made:
            estimate, n = _means(made[term], group, person, k)
            single = len(plan.content or ()) if term == "content" else getattr(plan, term)
            planned = np.full(k, np.nan if single is None else float(single))
            has = f"{term}_ratio" in made
            ratio = _means(made[f"{term}_ratio"], group, person, k)[0] if has else planned * np.nan
        else:
            continue
        found = pd.DataFrame({"estimate": estimate, "planned": planned, "ratio": ratio, "n": n})
        found.insert(0, "term", pd.Series(term, index=found.index, dtype="str"))
        parts.append(pd.concat([heads, found], axis=1) if places else found)
    table = pd.concat(parts).rename(columns={study.site: "site", study.team: "team"})
    return table.sort_index(kind="stable").reset_index(drop=True)


def _means(column: pd.Series, group: Codes, person: Codes, k: int) -> tuple[Floats, Codes]:
    values = column.to_numpy(dtype=float)[person]
    there = ~np.isnan(values)
    n = np.bincount(group[there], minlength=k)
    return _over(np.bincount(group[there], values[there], k), n), n


def _people_planned(
    read: Contacts, plan: DosePlan, labels: pd.DataFrame, study: Study, listed_: Codes
) -> Floats:
    """Return how many people each place should reach, everyone first; NaN where unknown."""
    if plan.people is None:
        return listed_.astype(float) if read.listed else np.full(listed_.size, np.nan)
    if not isinstance(plan.people, Mapping):
        single = np.full(listed_.size, np.nan)
        single[0] = plan.people
        return single
    if labels.empty:
        raise OptionError(
            "'planned' has numbers of people by team, and neither people= nor the contacts have "
            f"a column of teams ({study.team!r})."
        )
    last = labels.iloc[:, -1]
    pairs = list(labels.itertuples(index=False, name=None))
    twice = set(last[last.duplicated()])
    names: list[object] = [
        pair if one in twice else one for pair, one in zip(pairs, last, strict=True)
    ]
    given = {**plan.people}
    found = [
        given.pop(name, given.pop(pair, None)) for name, pair in zip(names, pairs, strict=True)
    ]
    absent = [name for name, n in zip(names, found, strict=True) if n is None]
    if given or absent:
        wrong = [f"no such team: {key!r}{did_you_mean(key, names)}" for key in given]
        wrong += [f"no number for {listed(absent)}"] if absent else []
        raise OptionError(f"'planned', people: {'; '.join(wrong)}. Teams: {listed(names)}.")
    each = np.array([float(n) for n in found if n is not None])
    return np.append(each.sum(), each)


def _warnings(
    read: Contacts, plan: DosePlan, other: list[object], unknown: int, n_timeless: int
) -> list[str]:
    said = []
    if not read.listed:
        said.append(
            "People were not listed (people=), so whoever had no contact at all is not counted"
            + ("." if plan.people is not None else ", and coverage is not known.")
        )
    if read.n_unlisted:
        said.append(
            counted(
                read.n_unlisted,
                "{n} row[s] of contacts [is|are] of people who are not listed, and [was|were] left "
                "out.",
            )
        )
    if unknown:
        said.append(
            counted(
                unknown,
                "Of {n} [person|people] a number of contacts (or all periods) is missing, so "
                "their frequency is too.",
            )
        )
    if read.n_gaps:
        said.append(
            f"{people_text(read.n_gaps)} of those listed had no contact at all in some period, "
            "which counts as 0 there. Give people= a row a person and period if some had left."
        )
    if n_timeless:
        said.append(
            counted(
                n_timeless,
                "{n} contact[s] [has|have] no minutes, and [doesn't|don't] count in the duration.",
            )
        )
    if read.placeless:
        said.append(
            counted(
                read.placeless,
                "{n} [person has|people have] no {places}: they count among all alone.",
                places=" or no ".join(read.places),
            )
        )
    if other:
        said.append(f"Content that was not planned: {listed(other, most=10)}.")
    return said
