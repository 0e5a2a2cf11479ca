"""How alike the arms were at baseline: people, and the clusters that got the arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.effect_sizes import standardised_difference
from cpeval.errors import ArmError, OptionError, StudyError, TooFewError, listed
from cpeval.numeric import numbers
from cpeval.people.clusters import arm_varies, clusters_of
from cpeval.people.pairing import Pairs
from cpeval.people.rows import (
    Codes,
    StudyRows,
    arm_counts,
    in_order,
    plain,
    require_study,
    study_rows,
)
from cpeval.people.variables import Variables, variable_kinds, variable_names
from cpeval.result import Result
from cpeval.study import Study, Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

Floats = NDArray[np.float64]

#: The level that stands for no answer.
MISSING = "(missing)"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Balance(Result):
    """A `Result` that also says whom it compares.

    Attributes
    ----------
    groups : tuple
        The arms: the comparison, the intervention.
    n_people : int
        People with a row at baseline and an arm.
    clusters : str or None
        The column of what got the arm; None where people did.
    n_clusters : tuple of int
        Clusters in each arm; (0, 0) where people got the arm.
    """

    groups: tuple[Value, ...]
    n_people: int
    clusters: str | None
    n_clusters: tuple[int, int]

    def plot(
        self,
        ax: Axes | None = None,
        *,
        labels: Labels | None = None,
        value_labels: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Axes:
        """Draw the standardised differences between the arms (a love plot).

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        labels : mapping, optional
            Column to what to show.
        value_labels : mapping, optional
            Column to a mapping of its values' text to what to show.
        """
        from cpeval.plots.balance import love

        return love(
            self.table, ax=ax, clusters=self.clusters, labels=labels, value_labels=value_labels
        )


def balance(data: IntoDataFrame, study: Study, covariates: Variables) -> Balance:
    r"""Compare what people were like at baseline between two arms, without tests.

    A missing value is a level of its own, for numbers too: who doesn't answer may differ.

    Parameters
    ----------
    data : eager dataframe, shape (n_rows, n_columns)
        One row a person and wave; rows at baseline are used (all, in a study without waves).
    study : Study
        With two arms; and a baseline, if it has a wave.
    covariates : sequence of str, or mapping of str to "number" or "category"
        Columns. Numbers are numbers; text, true/false and categories are categories; a mapping
        says otherwise, such as ``{"ethnicity": "category"}`` for codes.

    Returns
    -------
    Balance
        ``table``, a row a number, a level of a category, or the share without a value: term,
        level (None for a number), n (people with a value), comparison and intervention (means;
        shares for levels), sd_comparison, sd_intervention (numbers), smd, variance_ratio
        (numbers: intervention over comparison), smd_clusters (where teams or sites got the arm).

    Raises
    ------
    StudyError
        The study names no arm, or has a wave and names no baseline.
    OptionError
        ``covariates`` is empty, names a column twice, or holds the person, wave or arm.
    ColumnError, DataError, DuplicateError, WaveError
        As for `cpeval.outcomes.baseline`.
    ArmError
        Not two arms; the intervention is not in the data; people in several arms.
    TooFewError
        No rows, or nobody has a value of a covariate.

    Notes
    -----
    smd is :math:`(\bar x_1 - \bar x_0) / \sqrt{(s_1^2 + s_0^2) / 2}`, with
    :math:`s^2 = p (1 - p)` for a share p [1]_. For smd_clusters x are the means (or shares) of
    the teams or sites that got the arm, each counting once, and s their standard deviations: it
    says whether the *clusters* are alike, which is what was allocated. p values are not given:
    they measure the number of people as much as the difference, and where chance made the arms
    the hypothesis that they test is known to be true [2]_.

    References
    ----------
    .. [1] Austin (2009). Statistics in Medicine, 28(25), 3083-3107.
    .. [2] Senn (1994). Statistics in Medicine, 13(17), 1715-1726.

    Examples
    --------
    >>> data = pd.DataFrame({"id": [1, 2, 3, 4], "arm": [0, 0, 1, 1], "age": [30, 34, 31, 37]})
    >>> study = Study(person="id", arm="arm", intervention=1)
    >>> found = balance(data, study, ["age"])
    >>> found.table[["comparison", "intervention", "smd", "variance_ratio"]].round(3)
       comparison  intervention    smd  variance_ratio
    0        32.0          34.0  0.555            2.25
    """
    require_study(study)
    names = variable_names(covariates, "covariates", study)
    if not names:
        raise OptionError("'covariates' must name at least one column.")
    if study.arm is None:
        raise StudyError("balance needs two arms, and the study names none. Such as arm='arm'.")
    if study.wave is not None and study.baseline is None:
        raise StudyError(
            "balance needs to know which wave is the baseline, and the study doesn't name it. "
            "Such as Study(..., wave='wave', baseline='t0')."
        )
    rows = study_rows(data, study, names, waves=study.waves[:1])
    if len(rows.groups) != 2:
        raise ArmError(
            f"balance needs two arms. Column {study.arm!r} has {len(rows.groups)}: "
            f"{arm_counts(rows.arm, rows.groups)}. Keep the rows of two."
        )
    people = np.flatnonzero((rows.wave == 0) & (rows.arm[rows.person] >= 0))
    arm = rows.arm[rows.person[people]]
    if np.unique(arm).size < 2:
        raise TooFewError(
            f"At baseline there is one arm only: {arm_counts(arm, rows.groups)}, so there is "
            "nothing to compare."
        )
    labels, x, numeric = _columns(rows, people, names, covariates)
    code, column = _clusters(rows, study)
    unit = None if code is None else code[rows.person[people]]
    table = _table(labels, x, numeric, arm, unit)
    per_arm = (0, 0) if unit is None else (_count(unit, arm == 0), _count(unit, arm == 1))
    return Balance(
        table=table,
        note=_note(study, rows.groups, column, per_arm),
        warnings=(*rows.warnings, *_worries(column, per_arm, unit)),
        groups=rows.groups,
        n_people=people.size,
        clusters=column,
        n_clusters=per_arm,
    )


def _columns(
    rows: StudyRows, people: Codes, names: list[str], given: Variables
) -> tuple[list[tuple[str, Value | None]], Floats, NDArray[np.bool_]]:
    """Return term and level of each column, the columns side by side, and which are numbers."""
    table = rows.table.iloc[people]
    kinds = variable_kinds(table, names, given)
    empty = [name for name in names if table[name].isna().all()]
    if empty:
        raise TooFewError(f"Nobody has a value at baseline in {listed(empty)}.")
    counted = [name for name in names if kinds[name] == "number"]
    values = dict(zip(counted, numbers(rows.table, counted)[people].T, strict=True))
    labels: list[tuple[str, Value | None]] = []
    x: list[Floats] = []
    for name in names:
        if name in values:
            labels.append((name, None))
            x.append(values[name])
        else:
            codes, found = pd.factorize(table[name])
            levels = [plain(value) for value in found]
            ordered = in_order(levels)
            labels += [(name, level) for level in ordered]
            x += [(codes == levels.index(level)).astype(float) for level in ordered]
        missing = table[name].isna().to_numpy()
        if missing.any():
            labels.append((name, MISSING))
            x.append(missing.astype(float))
    numeric = np.array([level is None for _, level in labels])
    return labels, np.column_stack(x), numeric


def _clusters(rows: StudyRows, study: Study) -> tuple[Codes | None, str | None]:
    """Return each person's cluster (-1 unknown) and its column, where clusters got the arm."""
    at, none = rows.at(0), np.zeros(rows.n_people)
    pairs = Pairs(rows=rows, base=at, follow=at, before=none, after=none)
    people = (at >= 0) & (rows.arm >= 0)
    found = clusters_of(pairs, study, people)
    if found is None or arm_varies(rows.arm[people], found.code[people]):
        return None, None
    code = np.where(at >= 0, found.code, -1)
    return code, found.column


def _table(
    labels: list[tuple[str, Value | None]],
    x: Floats,
    numeric: NDArray[np.bool_],
    arm: Codes,
    unit: Codes | None,
) -> pd.DataFrame:
    """Compare the columns of ``x``, shape (n_people, k), between the arms."""
    means, sds = _moments(pd.DataFrame(x), arm)
    variances = np.where(numeric, sds**2, means * (1 - means))
    # A constant column's variance is rounding; shares have none of it.
    constant = np.nanmax(x, axis=0) == np.nanmin(x, axis=0)
    variances[:, constant] = 0.0
    smd = [standardised_difference(m, v) for m, v in zip(means.T, variances.T, strict=True)]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(numeric & (variances[0] > 0), variances[1] / variances[0], np.nan)
    return pd.DataFrame(
        {
            "term": [term for term, _ in labels],
            "level": pd.Series([level for _, level in labels], dtype=object),
            "n": np.isfinite(x).sum(axis=0),
            "comparison": means[0],
            "intervention": means[1],
            "sd_comparison": np.where(numeric, sds[0], np.nan),
            "sd_intervention": np.where(numeric, sds[1], np.nan),
            "smd": smd,
            "variance_ratio": ratio,
            "smd_clusters": np.nan if unit is None else _between(x, arm, unit),
        }
    )


def _between(x: Floats, arm: Codes, unit: Codes) -> list[float]:
    """Return the standardised differences of cluster means, each cluster counting once."""
    known = unit >= 0
    by = pd.DataFrame(x[known]).groupby(unit[known]).mean()
    of_cluster = pd.Series(arm[known]).groupby(unit[known]).first().to_numpy()
    if np.bincount(of_cluster, minlength=2).min() < 2:
        return [float("nan")] * x.shape[1]
    means, sds = _moments(by, of_cluster)
    tiny = 1e-12 * np.maximum(np.nanmax(np.abs(by.to_numpy()), axis=0), 1e-300)
    sds = np.where(sds > tiny, sds, 0.0)
    return [
        standardised_difference(m, s**2) if np.isfinite(s).all() else float("nan")
        for m, s in zip(means.T, sds.T, strict=True)
    ]


def _moments(x: pd.DataFrame, arm: Codes) -> tuple[Floats, Floats]:
    """Return means and standard deviations in each arm, shape (2, k); NaN without values."""
    by = x.groupby(arm)
    means, sds = (table.reindex([0, 1]).to_numpy() for table in (by.mean(), by.std()))
    return means, sds


def _count(unit: Codes, rows: NDArray[np.bool_]) -> int:
    return int(np.unique(unit[rows & (unit >= 0)]).size)


def _note(
    study: Study, groups: tuple[Value, ...], column: str | None, per_arm: tuple[int, int]
) -> str:
    """Say what was compared, and how to read it."""
    comparison, intervention = groups
    text = (
        f"People at baseline, {study.arm} {intervention} minus {comparison}. Standardised "
        "differences are over the root mean square of the two standard deviations (Austin, 2009); "
        "beyond 0.1 either way is often read as an imbalance, as is a variance ratio below 0.5 or "
        "above 2. "
    )
    if column is not None and min(per_arm) > 1:
        chance = float(np.sqrt(1 / per_arm[0] + 1 / per_arm[1]))
        text += (
            f"The arm was given to {sum(per_arm)} clusters ({column}): smd_clusters compares their "
            f"means, and by chance alone would have a standard deviation of about {chance:.2g}. "
        )
    if study.randomised is True:
        return text + (
            "There are no p values: chance made the arms, so every difference is chance's, and "
            "what matters is its size in variables that bear on the outcome (Senn, 1994)."
        )
    return text + (
        "There are no p values: they say as much about the number of people as about the "
        "difference (Senn, 1994). The study doesn't say that chance made the arms, so they may "
        "also differ in what was not recorded."
    )


def _worries(column: str | None, per_arm: tuple[int, int], unit: Codes | None) -> list[str]:
    """Say what the reader should worry about in the clusters."""
    texts = []
    if column is not None and min(per_arm) < 2:
        texts.append(
            f"An arm has one cluster only ({column}), so the arms can't be told from the clusters."
        )
    unknown = 0 if unit is None else int((unit < 0).sum())
    if unknown:
        texts.append(f"{unknown} people without a cluster ({column}) count as people only.")
    return texts
