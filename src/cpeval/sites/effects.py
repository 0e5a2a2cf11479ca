"""Each site's own difference between the arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from scipy import stats

from cpeval.errors import (
    ArmError,
    StudyError,
    TooFewError,
    listed,
    require_level,
    require_option,
)
from cpeval.people.pairing import Pairs, left_out, pair
from cpeval.people.rows import arm_counts, people_text, require_study
from cpeval.result import Result
from cpeval.sites.site_codes import site_codes, sites_text
from cpeval.sites.site_effects import ArmMoments, Codes, Floats, arm_moments, differences
from cpeval.study import Study, Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

VARIANCES = {
    "welch": "Welch's t interval: each arm of each site has its own variance",
    "pooled": "t interval on the variance pooled over the two arms of a site",
    "common": "t interval on one variance pooled over all arms and sites",
}

SCORES = ("follow_up", "change")

#: Smaller arms are not for publishing.
_SMALL = 5


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SiteEffects(Result):
    """A `Result` that also says which sites have no difference of their own.

    Attributes
    ----------
    outcome : str
        The column.
    groups : tuple
        The arms: the comparison, the intervention.
    one_armed : tuple
        Sites left out, with people of one arm only.
    n_excluded : int
        People left out, those of such sites included.
    """

    outcome: str
    groups: tuple[Value, ...]
    one_armed: tuple[Value, ...]
    n_excluded: int

    def plot(self, ax: Axes | None = None, *, labels: Labels | None = None) -> Axes:
        """Draw each site's difference with its interval.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        labels : mapping, optional
            Site to what to show.
        """
        from cpeval.plots.intervals import intervals

        comparison, intervention = self.groups
        return intervals(
            self.table,
            ax=ax,
            label="site",
            labels=labels,
            xlabel=f"Difference in {self.outcome}, {intervention} minus {comparison}",
        )


def effects(
    data: IntoDataFrame,
    outcome: str,
    study: Study,
    *,
    score: str = "follow_up",
    variance: str = "welch",
    level: float = 0.95,
) -> SiteEffects:
    r"""Take the difference between the arms within each site, with an interval of its own.

    Parameters
    ----------
    data : eager dataframe, shape (n_rows, n_columns)
        One row a person and wave; a person, in a study without waves.
    outcome : str
        Column of scores, in the instrument's points. Missing is null or NaN; such people are
        left out and counted.
    study : Study
        With a site and an arm that has two values.
    score : {"follow_up", "change"}, default "follow_up"
        What is compared: the outcome at the primary follow-up (the only one there is, in a study
        without waves), or follow-up minus baseline, of people with both.
    variance : {"welch", "pooled", "common"}, default "welch"
        Each arm of each site has its own variance; the two arms of a site share one; all share
        one, which helps where sites are small and is wrong where they differ in spread.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    SiteEffects
        ``table``, a row a site that has both arms: site, term (the arm's column), estimate
        (intervention minus comparison, in the outcome's points), se, statistic, df, p, ci_low,
        ci_high, n, n_intervention, n_comparison. With one person in an arm the difference
        stands without error, unless ``variance`` says what the error is.

    Raises
    ------
    StudyError
        The study names no site or arm, or not the waves that ``score`` needs.
    OptionError
        ``outcome``, ``score`` or ``variance`` is not as above.
    ColumnError, DataError, DuplicateError, WaveError
        As for `cpeval.outcomes.compare`.
    ArmError
        Not two arms; the intervention is not in the data; people in several arms.
    TooFewError
        No site has people of both arms; the outcome is the same for everyone.
    LevelError
        ``level`` is not between 0 and 1.

    Notes
    -----
    Welch: :math:`se^2 = s_1^2 / n_1 + s_0^2 / n_0` with
    :math:`df = se^4 / \sum_a (s_a^2 / n_a)^2 / (n_a - 1)` [1]_. The intervals are those of one
    site each, and say nothing of other teams: where the arm is a team's, one team is compared
    with another.

    References
    ----------
    .. [1] Welch (1947). Biometrika, 34(1-2), 28-35.

    Examples
    --------
    >>> data = pd.DataFrame({"id": range(8), "trust": list("NNNNSSSS"), "arm": list("aabbaabb"),
    ...                      "y": [1, 3, 4, 8, 2, 3, 2, 5]})
    >>> study = Study(person="id", site="trust", arm="arm", intervention="b")
    >>> effects(data, "y", study).table[["site", "estimate", "se", "df"]].round(3)
      site  estimate     se     df
    0    N       4.0  2.236  1.471
    1    S       1.0  1.581  1.220
    """
    require_level(level)
    require_option("score", score, SCORES)
    require_option("variance", variance, list(VARIANCES))
    require_study(study)
    _require_roles(study, score)
    assert study.site is not None
    pairs = pair(data, outcome, study, extra=[study.site], what="effects")
    rows = pairs.rows
    if len(rows.groups) != 2:
        raise ArmError(
            f"effects needs two arms. Column {study.arm!r} has {len(rows.groups)}: "
            f"{arm_counts(rows.arm, rows.groups)}. Keep the rows of two."
        )
    y = pairs.after - pairs.before if score == "change" else pairs.after
    people = pairs.seen & (rows.arm >= 0)
    code, labels = site_codes(rows.table[study.site])
    of_person = _first_known(pairs, code)
    lacks = {f"without {_named(outcome, study, score)}": np.isnan(y)}
    lacks[f"without site ({study.site})"] = of_person < 0
    used = people & ~np.logical_or.reduce(list(lacks.values()))
    message = left_out(lacks, people, rows.arm, rows.groups)
    _require_some(y[used], outcome, message)
    found = arm_moments(y[used], rows.arm[used], of_person[used], len(labels))
    both = (found.n > 0).all(axis=0)
    there = found.n.sum(axis=0) > 0
    one_armed = tuple(labels[k] for k in np.flatnonzero(there & ~both))
    kept = ArmMoments(n=found.n[:, both], mean=found.mean[:, both], squares=found.squares[:, both])
    if not both.any():
        raise TooFewError(
            f"No site has people of both arms: {sites_text(one_armed)} have one. "
            f"{message}{' ' if message else ''}"
            "Compare the arms over sites: cpeval.outcomes.compare."
        )
    estimate, se, df = differences(kept, variance=variance)
    sites = [labels[k] for k in np.flatnonzero(both)]
    table = _table(sites, str(study.arm), estimate, se, df, kept, level)
    return SiteEffects(
        table=table,
        note=_note(outcome, study, score, variance, level, rows.groups),
        warnings=tuple(
            text
            for text in (
                *rows.warnings,
                message,
                *_worries(table, one_armed, int(found.n[:, ~both].sum())),
                *_moved(pairs, code),
            )
            if text
        ),
        outcome=outcome,
        groups=rows.groups,
        one_armed=one_armed,
        n_excluded=int(pairs.seen.sum() - kept.n.sum()),
    )


def _require_roles(study: Study, score: str) -> None:
    lacks = [role for role in ("site", "arm") if getattr(study, role) is None]
    if lacks:
        raise StudyError(
            f"effects needs a site and two arms, and the study doesn't name {listed(lacks)}. "
            "Such as Study(..., site='trust', arm='arm', intervention='new')."
        )
    if score == "change" and (study.baseline is None or study.follow_up is None):
        raise StudyError("score='change' needs a study with a baseline and a follow-up.")


def _first_known(pairs: Pairs, code: Codes) -> Codes:
    """Return each person's site: at baseline, else at follow-up; -1 if neither is known."""
    at_base, later = (np.where(at >= 0, code[at], -1) for at in (pairs.base, pairs.follow))
    return np.where(at_base >= 0, at_base, later)


def _moved(pairs: Pairs, code: Codes) -> list[str]:
    at_base, later = (np.where(at >= 0, code[at], -1) for at in (pairs.base, pairs.follow))
    moved = int(((at_base >= 0) & (later >= 0) & (at_base != later)).sum())
    who = people_text(moved)
    return [f"{who} changed site, and count where they were first."] if moved else []


def _named(outcome: str, study: Study, score: str) -> str:
    if study.follow_up is None:
        return outcome
    return f"{outcome} at both waves" if score == "change" else f"{outcome} at follow-up"


def _require_some(y: Floats, outcome: str, message: str) -> None:
    if not y.size:
        raise TooFewError(f"Nobody has what is needed of {outcome!r}. {message}")
    if np.ptp(y) <= 4 * np.finfo(float).eps * np.abs(y).max():
        raise TooFewError(
            f"{outcome!r} is the same for all {y.size} people, so there is nothing to compare. "
            "Check that the column holds the scores that are meant."
        )


def _table(
    sites: list[Value],
    term: str,
    estimate: Floats,
    se: Floats,
    df: Floats,
    found: ArmMoments,
    level: float,
) -> pd.DataFrame:
    half = stats.t.isf((1 - level) / 2, df) * se
    statistic = estimate / se
    n = found.n.astype(int)
    return pd.DataFrame(
        {
            "site": pd.Series(sites, dtype=object).infer_objects(),
            "term": term,
            "estimate": estimate,
            "se": se,
            "statistic": statistic,
            "df": df,
            "p": 2 * stats.t.sf(np.abs(statistic), df),
            "ci_low": estimate - half,
            "ci_high": estimate + half,
            "n": n.sum(axis=0),
            "n_intervention": n[1],
            "n_comparison": n[0],
        }
    )


def _note(
    outcome: str, study: Study, score: str, variance: str, level: float, groups: tuple[Value, ...]
) -> str:
    comparison, intervention = groups
    at = "" if study.follow_up is None else f" at {study.follow_up}"
    what = f"mean change in {outcome} from {study.baseline} to {study.follow_up}"
    what = what if score == "change" else f"mean {outcome}{at}"
    reading = (
        "Chance made the arms, so a difference estimates the effect there, unless it was given to "
        "whole teams: then it is also between those teams."
        if study.randomised is True
        else "The study doesn't say that chance made the arms: other differences between people or "
        "teams may lie behind these."
    )
    return (
        f"In each {study.site}, {what} of {study.arm} {intervention} minus {comparison}; "
        f"{100 * level:g} % {VARIANCES[variance]}. {reading}"
    )


def _worries(table: pd.DataFrame, one_armed: tuple[Value, ...], people: int) -> list[str]:
    texts = []
    if one_armed:
        texts.append(
            f"Left out, with one arm only: {sites_text(one_armed)}, {people_text(people)}. They "
            "have no difference of their own."
        )
    unknown = table.loc[table["se"].isna(), "site"].tolist()
    if unknown:
        texts.append(
            f"No error can be given for {sites_text(unknown)}: too few people in an arm, or no "
            "spread there."
        )
    small = table.loc[table[["n_intervention", "n_comparison"]].min(axis=1) < _SMALL, "site"]
    if small.size:
        texts.append(
            f"Fewer than {_SMALL} people in an arm: {sites_text(small.tolist())}. People may be "
            "recognised: don't publish these rows."
        )
    return texts
