"""Did one arm change more than the other? Two waves, two arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import (
    ArmError,
    ColumnError,
    StudyError,
    TooFewError,
    listed,
    require_level,
    require_option,
)
from cpeval.moments.site_moments import SiteMoments
from cpeval.numeric import numbers
from cpeval.people.clusters import Clusters, arm_varies, clusters_of
from cpeval.people.pairing import Flags, Pairs, left_out, pair
from cpeval.people.rows import arm_counts, people_text, require_study, require_two_waves
from cpeval.people.variables import Variables, variable_kinds, variable_names
from cpeval.result import Result
from cpeval.sites.linear import VCOV, Linear, linear
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

#: Fewer degrees of freedom than these are few.
_FEW_DF = 4


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DifferenceInDifferences(Result):
    """A `Result` with the means behind it.

    Attributes
    ----------
    outcome : str
        The column.
    means : pandas.DataFrame
        group, wave, n, estimate: means of the people with both waves.
    vcov_kind : str
        Which errors.
    n_clusters : int
        What got the arm: teams, sites, or people.
    n_excluded : int
        People seen who are not in the first row's analysis.
    """

    outcome: str
    means: pd.DataFrame
    vcov_kind: str
    n_clusters: int
    n_excluded: int

    def plot(
        self,
        ax: Axes | None = None,
        *,
        group_labels: Labels | None = None,
        wave_labels: Labels | None = None,
    ) -> Axes:
        """Draw the means of both arms at both waves, of people with both.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        group_labels : mapping, optional
            Arm (or its text) to what to show.
        wave_labels : mapping, optional
            Wave (or its text) to what to show.
        """
        from cpeval.plots.waves import lines_by_wave

        return lines_by_wave(
            self.means,
            "estimate",
            ax=ax,
            group_labels=group_labels,
            wave_labels=wave_labels,
            xlabel=None,
            ylabel=f"Mean {self.outcome}",
        )


def difference_in_differences(
    data: IntoDataFrame,
    outcome: str,
    study: Study,
    covariates: Variables = (),
    *,
    vcov: str = "CR2",
    level: float = 0.95,
) -> DifferenceInDifferences:
    r"""Compare the change from baseline to follow-up between two arms.

    Parameters
    ----------
    data : eager dataframe, shape (n_rows, n_columns)
        One row a person and wave.
    outcome : str
        Column of scores, in the instrument's points. Missing is null or NaN.
    study : Study
        With an arm, a baseline and a follow-up. Clusters are what got the arm: teams (within
        sites) where a site has both arms, else sites; people, without either.
    covariates : sequence of str, or mapping of str to "number" or "category"
        Columns on which change may hang, taken at baseline (at follow-up for people without).
        The site among them compares within sites.
    vcov : {"CR2", "classical", "CR0", "CR1", "CR1S", "CR3"}
        The errors; classical ones take people (rows, in the second analysis) as independent.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    DifferenceInDifferences
        ``table``, two rows: analysis ("change": people with both waves; "interaction": whoever
        has a score at either), term, group, reference, estimate (intervention minus comparison,
        of follow-up minus baseline), se, df, statistic, p, ci_low, ci_high, n (people),
        n_intervention, n_comparison.

    Raises
    ------
    StudyError
        The study names no arm, or not two waves.
    OptionError, LevelError
        ``outcome``, ``covariates``, ``vcov`` or ``level`` is not as above.
    ColumnError, DataError, DuplicateError, WaveError
        As for `cpeval.outcomes.compare`; covariates that can't be told from the arm.
    ArmError
        Not two arms; the intervention is not in the data; people in several arms.
    TooFewError
        Fewer than two people with both waves in an arm; nobody changed differently; no more
        people than terms; one cluster.

    Notes
    -----
    Least squares of the change on the arm and the covariates [1]_; and of the score on arm, wave,
    covariates, and the products of wave with the others. The two agree where everyone has both
    waves, but for errors' small-sample parts. Errors are CR2 with Satterthwaite's degrees of
    freedom, by `cpeval.sites.linear`. The estimate is the programme's effect only if the arms
    would otherwise have changed alike, which two waves can't show.

    References
    ----------
    .. [1] Angrist & Pischke (2009). Mostly Harmless Econometrics. Princeton University Press.

    Examples
    --------
    >>> wide = pd.DataFrame({"id": range(8), "team": list("aabbccdd"), "arm": list("ttttcccc"),
    ...                      "t0": [5, 6, 7, 5, 4, 6, 5, 7], "t1": [9, 8, 9, 9, 5, 6, 6, 9]})
    >>> data = wide.melt(["id", "team", "arm"], var_name="wave", value_name="y")
    >>> study = Study(person="id", team="team", arm="arm", intervention="t", wave="wave",
    ...               baseline="t0", follow_up="t1")
    >>> found = difference_in_differences(data, "y", study)
    >>> found.table[["analysis", "estimate", "se", "df"]].round(3)
          analysis  estimate   se   df
    0       change       2.0  0.5  2.0
    1  interaction       2.0  0.5  2.0
    """
    require_level(level)
    require_option("vcov", vcov, VCOV)
    require_study(study)
    if study.arm is None:
        raise StudyError(
            "difference_in_differences needs two arms, and the study names none. Such as arm='arm'."
        )
    require_two_waves(study, "difference_in_differences")
    names = variable_names(covariates, "covariates", study, outcome)
    places = [column for column in (study.site, study.team) if column is not None]
    pairs = pair(data, outcome, study, extra=[*names, *places], what="difference_in_differences")
    rows = pairs.rows
    if len(rows.groups) != 2:
        raise ArmError(
            f"difference_in_differences needs two arms. Column {study.arm!r} has "
            f"{len(rows.groups)}: {arm_counts(rows.arm, rows.groups)}. Keep the rows of two."
        )
    people = pairs.seen & (rows.arm >= 0)
    columns = _covariates(pairs, names, covariates)
    clusters = clusters_of(pairs, study, people)
    common = {f"without {name}": column.isna().to_numpy() for name, column in columns.items()}
    for name, lacking in ({} if clusters is None else clusters.lacks).items():
        common[f"without {name}"] = common.get(f"without {name}", False) | lacking
    lacks = {
        f"without {outcome} at follow-up": np.isnan(pairs.after),
        f"without {outcome} at baseline": np.isnan(pairs.before),
        **common,
    }
    both = people & ~np.logical_or.reduce(list(lacks.values()))
    message = left_out(lacks, people, rows.arm, rows.groups)
    _require_change(pairs, both, outcome, message)
    either = people & ~(np.isnan(pairs.before) & np.isnan(pairs.after))
    if common:
        either &= ~np.logical_or.reduce(list(common.values()))
    unit = np.arange(rows.n_people) if clusters is None else clusters.code
    change, interaction = _frames(pairs, both, either, unit, columns)
    terms = [f"c{k}" for k in range(len(columns))]
    more = "".join(f" + {term}" for term in terms)
    by_wave = "".join(f" + {term} + {term}:wave" for term in terms)
    fits = {
        "change": _fit(change, f"change ~ arm{more}", vcov, level, message),
        "interaction": _fit(
            interaction, f"y ~ arm + wave + arm:wave{by_wave}", vcov, level, message
        ),
    }
    table = pd.DataFrame(
        [
            _row(name, fit, wanted, who, pairs, study)
            for (name, fit), wanted, who in zip(
                fits.items(), ("arm", "arm:wave"), (both, either), strict=True
            )
        ]
    )
    n_clusters = int(np.unique(unit[both]).size)
    return DifferenceInDifferences(
        table=table,
        note=_note(outcome, study, pairs, clusters, n_clusters, vcov, names, level),
        warnings=tuple(
            text
            for text in (
                *rows.warnings,
                message,
                _dropped(fits["change"], names),
                *_worries(table, clusters, unit, both, pairs, n_clusters, vcov),
            )
            if text
        ),
        outcome=outcome,
        means=_means(pairs, both, study),
        vcov_kind=vcov,
        n_clusters=n_clusters,
        n_excluded=int((pairs.seen & ~both).sum()),
    )


def _covariates(pairs: Pairs, names: list[str], given: Variables) -> dict[str, pd.Series]:
    """Return covariates, a row a person: floats for numbers, text for categories."""
    first = np.where(pairs.base >= 0, pairs.base, pairs.follow)
    there = pairs.rows.table.iloc[first[first >= 0]]
    kinds = variable_kinds(there, names, given)
    found = {}
    for name in names:
        if kinds[name] == "number":
            column = pd.Series(numbers(pairs.rows.table, [name])[:, 0])
        else:
            held = pairs.rows.table[name]
            column = held.astype(object).where(held.notna(), None).map(str, na_action="ignore")
        found[name] = column.reindex(first).reset_index(drop=True)
    return found


def _require_change(pairs: Pairs, both: Flags, outcome: str, message: str) -> None:
    """Raise `TooFewError` unless each arm has two people and change varies."""
    arm = pairs.rows.arm[both]
    if min(np.count_nonzero(arm == 0), np.count_nonzero(arm == 1)) < 2:
        raise TooFewError(
            f"Too few people to compare the change in {outcome!r}: "
            f"{arm_counts(arm, pairs.rows.groups)} have both waves; each arm needs two. {message}"
        )
    change = (pairs.after - pairs.before)[both]
    largest = max(np.abs(pairs.after[both]).max(), np.abs(pairs.before[both]).max())
    if np.ptp(change) <= 8 * np.finfo(float).eps * largest:
        raise TooFewError(
            f"The change in {outcome!r} is the same for all {people_text(change.size)} with both "
            "waves, so there is nothing to compare. Check that the column holds the scores meant."
        )


def _frames(
    pairs: Pairs,
    both: Flags,
    either: Flags,
    unit: np.ndarray[tuple[int], np.dtype[np.intp]],
    columns: dict[str, pd.Series],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a row a person with the change, and a row a person and wave with the score."""
    wide = pd.DataFrame({"unit": unit, "arm": pairs.rows.arm.astype(float)})
    for k, column in enumerate(columns.values()):
        wide[f"c{k}"] = column
    change = wide.assign(change=pairs.after - pairs.before)[both]
    scores = ((0.0, pairs.before), (1.0, pairs.after))
    long = pd.concat([wide.assign(wave=wave, y=y)[either] for wave, y in scores])
    return change, long[long["y"].notna()]


def _fit(frame: pd.DataFrame, formula: str, vcov: str, level: float, message: str) -> Linear:
    try:
        moments = SiteMoments.from_data(frame.reset_index(drop=True), formula, site="unit")
        fit = linear(moments, vcov=vcov, level=level)
    except TooFewError as error:
        if vcov == "classical" or frame["unit"].min() < frame["unit"].max():
            raise TooFewError(f"{error} {message}".rstrip()) from None
        raise TooFewError(
            "All people are in one cluster, so cluster-robust errors can't be had. "
            "vcov='classical' takes them as independent."
        ) from None
    wanted = "arm:wave" if ":" in formula.split("~")[1] else "arm"
    if wanted in fit.dropped_terms:
        raise ColumnError(
            "The arm can't be told from the covariates among the people analysed. Leave out the "
            f"one that is constant within arms. {message}".rstrip()
        )
    return fit


def _dropped(fit: Linear, names: list[str]) -> str:
    """Name the covariates that add nothing, by their columns."""
    terms = [term.partition("[")[0] for term in fit.dropped_terms]
    added = [names[int(term[1:])] for term in dict.fromkeys(terms)]
    return f"Covariates that add nothing, in part or whole: {listed(added)}." if added else ""


def _row(
    name: str, fit: Linear, wanted: str, who: Flags, pairs: Pairs, study: Study
) -> dict[str, object]:
    row = fit.table[fit.table["term"] == wanted].to_dict("records")[0]
    arm = pairs.rows.arm[who]
    comparison, intervention = pairs.rows.groups
    return {
        "analysis": name,
        "term": study.arm,
        "group": intervention,
        "reference": comparison,
        **{
            column: float(row[column])
            for column in ("estimate", "se", "df", "statistic", "p", "ci_low", "ci_high")
        },
        "n": arm.size,
        "n_intervention": int((arm == 1).sum()),
        "n_comparison": int((arm == 0).sum()),
    }


def _means(pairs: Pairs, both: Flags, study: Study) -> pd.DataFrame:
    rows = [
        {
            "group": group,
            "wave": wave,
            "n": int((both & (pairs.rows.arm == code)).sum()),
            "estimate": float(scores[both & (pairs.rows.arm == code)].mean()),
        }
        for code, group in enumerate(pairs.rows.groups)
        for wave, scores in zip(study.waves[:2], (pairs.before, pairs.after), strict=True)
    ]
    return pd.DataFrame(rows)


def _note(
    outcome: str,
    study: Study,
    pairs: Pairs,
    clusters: Clusters | None,
    n_clusters: int,
    vcov: str,
    names: list[str],
    level: float,
) -> str:
    comparison, intervention = pairs.rows.groups
    what = "people" if clusters is None else f"{clusters.role}s"
    given = f", given {', '.join(names)}" if names else ""
    errors = (
        "classical errors"
        if vcov == "classical"
        else f"{vcov} errors over {n_clusters} {what} with Satterthwaite's degrees of freedom "
        "(Pustejovsky & Tipton, 2018)"
    )
    reading = (
        "Chance made the arms, so the difference estimates the effect of being offered the "
        "intervention, unless those left out differ between the arms."
        if study.randomised is True
        else "The study doesn't say that chance made the arms: the difference is the "
        "intervention's only if the arms would otherwise have changed alike, which two waves "
        "can't show."
    )
    return (
        f"Change in {outcome} from {study.baseline} to {study.follow_up}, {study.arm} "
        f"{intervention} minus {comparison}{given}: least squares, {errors}, {100 * level:g} % t "
        f"intervals. Row change: people with both waves; interaction: all with either. {reading}"
    )


def _worries(
    table: pd.DataFrame,
    clusters: Clusters | None,
    unit: np.ndarray[tuple[int], np.dtype[np.intp]],
    both: Flags,
    pairs: Pairs,
    n_clusters: int,
    vcov: str,
) -> list[str]:
    texts = []
    if clusters is not None and clusters.moved:
        texts.append(
            f"{people_text(clusters.moved)} changed {clusters.role} between the waves; they count "
            "where they were at baseline."
        )
    if table["se"].isna().any():
        alone = clusters is not None and not arm_varies(pairs.rows.arm[both], unit[both])
        why = "an arm has one cluster only, or" if alone else ""
        texts.append(
            f"No error can be given for {listed(table.loc[table['se'].isna(), 'analysis'])}: {why} "
            "the terms explain the change entirely."
        )
    few = table["df"] < _FEW_DF
    if vcov != "classical" and few.any():
        texts.append(
            f"Fewer than {_FEW_DF} degrees of freedom from {n_clusters} clusters: p and interval "
            "are not to be relied upon."
        )
    if vcov in ("CR0", "CR1", "CR1S") and n_clusters < 40:
        texts.append(f"{vcov} errors are too small with {n_clusters} clusters: take CR2.")
    return texts
