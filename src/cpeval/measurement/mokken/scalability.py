"""Mokken scaling: how far the items of a scale order people alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.definitions.model import Instrument
from cpeval.errors import OptionError, TooFewError, listed, require_level, require_option
from cpeval.measurement.item_groups import Labels, labels_of, without
from cpeval.measurement.item_scores import MISSING, item_scores
from cpeval.measurement.mokken.guttman import guttman, joint_counts
from cpeval.measurement.mokken.item_codes import item_codes
from cpeval.measurement.mokken.scalability_estimates import (
    INTERVALS,
    one_level,
    rows_of,
    within_and_between,
)
from cpeval.measurement.mokken.scalability_samples import Sample, require_people, samples_of
from cpeval.measurement.mokken.scalability_worries import worries
from cpeval.result import Result
from cpeval.scoring.item_columns import Items
from cpeval.seeds import require_seed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]


#: From here on it may take more than two seconds, and says what it is doing.
_MANY_PEOPLE = 200_000


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Scalability(Result):
    """A `Result` that also has the coefficients by name.

    With ``groups`` the labels of the groups come first in each index.

    Attributes
    ----------
    H : float or pandas.Series
        The scale's coefficient; with ``groups`` a Series by group.
    Hi : pandas.Series
        The items', by item.
    Hij : pandas.DataFrame
        The pairs', item by item. The diagonal is NaN.
    n_excluded : int
        Rows left out: incomplete, without group or cluster, alone in their cluster, or in a group
        that is too small.
    n_imputed : int
        Answers filled in.
    """

    H: float | pd.Series
    Hi: pd.Series
    Hij: pd.DataFrame
    n_excluded: int
    n_imputed: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the scale's and the items' coefficients with their intervals.

        Lines mark 0 and 0.3, the usual lower bound of a Mokken scale.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.scalability import coefficients

        return coefficients(self.table, ax=ax)


def scalability(
    items: IntoDataFrame,
    *,
    instrument: str | Path | Instrument | None = None,
    scale: str | None = None,
    columns: Items = None,
    groups: str | Sequence[object] | None = None,
    cluster: str | Sequence[object] | None = None,
    missing: str = "listwise",
    interval: str = "wald",
    level: float = 0.95,
    seed: int | np.random.Generator | None = None,
) -> Scalability:
    r"""Say how well items scale: Mokken's H of the scale, of items and of pairs, with errors.

    Parameters
    ----------
    items : eager dataframe, shape (n_rows, n_columns)
        A column an item, scored: reversed items reversed already, whole numbers from 0 up, at
        most 101 categories an item. With ``instrument``, data that hold its item columns.
    instrument : str, pathlib.Path or Instrument, optional
        Scores the items first.
    scale : str, optional
        The column of the instrument's scale whose items are meant; by default all items.
    columns : str, sequence of str or mapping, optional
        Where the instrument's items are, as `cpeval.score` takes ``items``.
    groups : str or sequence, optional
        A column, or a label a row (a pandas Series goes by its index): each group is analysed by
        itself. Rows without one are left out and counted. A group that is too small, or whose
        items are constant, is NaN and named; the others stand.
    cluster : str or sequence, optional
        A column, or a label a row: people who belong together, such as clients of a worker or
        raters of one person. Asks for coefficients within and between, with standard errors that
        are robust to clusters. Needs two clusters; people who are alone in theirs, and rows
        without one, are left out and counted.
    missing : {"listwise", "pairwise", "two_way"}
        Leave out rows that lack an item; use for each pair the people who answered both (not
        with ``cluster``); or fill in by two-way imputation, in each group by itself.
    interval : {"wald", "range_preserving"}
        Symmetric about the estimate, or so that it can't pass 1.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.
    seed : int or numpy.random.Generator, optional
        For ``missing="two_way"``.

    Returns
    -------
    Scalability
        ``table``: group (if asked for), level ("scale", "item", "pair"), item, item_2 ("" where
        it has none), coefficient (with ``cluster``: "within", "between", "ratio"), estimate (no
        unit, at most 1), se, df (with ``cluster``), statistic, p (one-sided), ci_low, ci_high,
        n (people; of a pair, those who answered both).

    Raises
    ------
    OptionError, LevelError
        An option has a value that it doesn't take; ``cluster`` with ``missing="pairwise"``.
    ColumnError, CodeError, DataError, DefinitionError
        Columns that are absent or not numeric; scores that are not whole numbers, are negative
        or have too many categories. All at fault are named.
    TooFewError
        Fewer than two items, two people or two clusters; all items constant. With ``groups``,
        if that is so in all of them.

    Notes
    -----
    :math:`H_{ij} = 1 - F_{ij} / E_{ij}`, with F the weighted Guttman errors made and E those to
    be expected from the item's distributions alone; :math:`H_i` and :math:`H` have the sums of F
    and E over pairs [1]_. It equals the covariance over the largest possible one. A constant item
    has neither and doesn't change the others' coefficients; its own are NaN.

    Standard errors are those of Kuijpers, van der Ark & Croon [2]_ (multinomial, delta method,
    weights fixed), here as the root of the sum of squared influences of people. Item steps of
    equal popularity count half in either order, as in R's mokken.

    ``statistic`` is Mokken's Z, and p that of the test of :math:`H = 0` against :math:`H > 0`
    (one-sided). The interval is normal: :math:`H \pm z\,se`, or range-preserving,
    :math:`1 - (1 - H) \exp(\pm z\,se / (1 - H))` [3]_.

    With ``cluster``, "within" is H among people who share a cluster with another; "between" has
    F from the answers of two different people of a cluster [4]_, a cluster with R people having
    weight R(R - 1); "ratio" is between over within. Standard errors are the square root of the
    sum of squared influences of the L clusters, times L / (L - 1); intervals are t on L - 1 df,
    and ``statistic`` is estimate / se. mokken's ``MLcoefH`` has other errors: they depend on the
    order of the items and are wrong where clusters differ little or much (see docs/mokken.md).

    References
    ----------
    .. [1] Mokken (1971). A theory and procedure of scale analysis. Molenaar (1991). Kwantitatieve
       Methoden, 37, 97-117.
    .. [2] Kuijpers, van der Ark & Croon (2013). Sociological Methodology, 43(1), 42-69.
    .. [3] Koopman, Zijlstra & van der Ark (2022). Quality of Life Research, 31(1), 25-36.
    .. [4] Snijders (2001). In Boomsma, van Duijn & Snijders (eds), Essays on item response
       theory, 319-338. Koopman, Zijlstra & van der Ark (2020). British Journal of Mathematical
       and Statistical Psychology, 73(2), 213-236.

    Examples
    --------
    >>> items = pd.DataFrame({"a": [0, 0, 1, 1, 1, 1], "b": [0, 0, 0, 1, 1, 0],
    ...                       "c": [0, 1, 0, 0, 1, 0]})
    >>> found = scalability(items)
    >>> round(found.H, 3)
    0.25
    >>> found.table.query("level == 'item'")[["item", "estimate"]].round(2)
      item  estimate
    1    a      0.25
    2    b      0.50
    3    c      0.00
    """
    require_option("missing", missing, MISSING)
    require_option("interval", interval, INTERVALS)
    require_level(level)
    require_seed(seed)
    if cluster is not None and missing == "pairwise":
        raise OptionError(
            "'cluster' needs complete answers: take missing='listwise' or missing='two_way'."
        )
    group_of = labels_of(items, groups, "groups")
    cluster_of = labels_of(items, cluster, "cluster")
    scores = item_scores(
        items if instrument is not None else without(items, groups, cluster),
        instrument=instrument,
        scale=scale,
        columns=columns,
        # Filled in later, in each group by itself.
        missing="pairwise" if missing == "two_way" else missing,
        what="Scalability",
    )
    samples, lost = samples_of(scores, group_of, cluster_of)
    parts, used, failed = _analysed_groups(samples, scores.names, missing, seed, level, interval)
    if missing == "two_way":
        filled = sum(sample.n_imputed for sample in used)
        values = np.concatenate([sample.values for sample in used])
        scores = replace(scores, values=values, n_imputed=filled)
    return Scalability(
        table=_table(parts, group_of),
        note=_note(scores.names, used, group_of, cluster_of, interval, level),
        warnings=(
            *scores.warnings,
            *lost,
            *failed,
            *(text for part in parts for text in part.warnings),
        ),
        **_by_name(parts, group_of),
        n_excluded=scores.n_rows - sum(len(sample.values) for sample in used),
        n_imputed=scores.n_imputed,
    )


def _analysed_groups(
    samples: list[Sample],
    names: list[str],
    missing: str,
    seed: int | np.random.Generator | None,
    level: float,
    interval: str,
) -> tuple[list[_Part], list[Sample], list[str]]:
    """Analyse each sample; where that is possible for some, the others are NaN and named."""
    found: list[_Part | None] = []
    used, faults = [], []
    for sample in samples:
        try:
            require_people(sample, names)
            whole = sample.filled(seed) if missing == "two_way" else sample
            found.append(_analysed(whole, names, level, interval))
            used.append(whole)
        except TooFewError as error:
            found.append(None)
            faults.append(str(error))
    pattern = next((part for part in found if part is not None), None)
    if pattern is None:
        raise TooFewError(" ".join(faults))
    parts = [
        _nothing(pattern, len(sample.values)) if part is None else part
        for part, sample in zip(found, samples, strict=True)
    ]
    said = f"{' '.join(faults)} All there is NaN; leave these groups out, or join them with others."
    return parts, used, [said] if faults else []


def _nothing(pattern: _Part, n: int) -> _Part:
    """Return the rows of a group in which nothing can be computed."""
    table = pattern.table.copy()
    table[table.columns.difference(["level", "item", "item_2", "coefficient", "n"])] = np.nan
    return _Part(
        table=table.assign(n=n),
        warnings=[],
        H=float("nan"),
        Hi=pattern.Hi * np.nan,
        Hij=pattern.Hij * np.nan,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Part:
    """The analysis of one group, or of all."""

    table: pd.DataFrame
    warnings: list[str]
    H: float
    Hi: pd.Series
    Hij: pd.DataFrame


def _analysed(sample: Sample, names: list[str], level: float, interval: str) -> _Part:
    with _steps(len(sample.values)) as step:
        step(sample.named("Counting pairs of answers"))
        items = item_codes(sample.values, names, sample.rows, what="Scalability")
        errors = guttman(items, joint_counts(items))
        if not errors.expected.any():
            raise TooFewError(
                sample.named("Scalability needs two items that vary, answered by the same people. ")
                + f"There are none among {listed(names)}."
            )
        step(sample.named("Standard errors"))
        n_clusters = None
        if sample.cluster is None:
            found = [one_level(items, errors)]
        else:
            found = within_and_between(items, errors, sample.cluster)
            n_clusters = int(sample.cluster[-1]) + 1
    said = worries(items, names, found, n_clusters=n_clusters, level=level)
    whole = found[0]
    return _Part(
        table=rows_of(found, names, errors.n_pair, items.n_people, level=level, interval=interval),
        warnings=[sample.named(text) for text in said],
        H=float(whole.scale[0][0]),
        Hi=pd.Series(whole.items[0], index=pd.Index(names, name="item"), name="Hi"),
        Hij=pd.DataFrame(whole.pairs[0], index=pd.Index(names, name="item"), columns=names),
    )


def _steps(n_people: int) -> AbstractContextManager[Callable[[str], None]]:
    """Return what says on a terminal what is being done, if that may take long."""
    if n_people <= _MANY_PEOPLE:
        return nullcontext(lambda text: None)
    from cpeval.progress import Steps

    return Steps()


def _table(parts: list[_Part], groups: Labels | None) -> pd.DataFrame:
    if groups is None:
        return parts[0].table
    tables = [part.table for part in parts]
    for table, label in zip(tables, groups.labels, strict=True):
        table.insert(0, "group", [label] * len(table))
    return pd.concat(tables, ignore_index=True)


def _by_name(parts: list[_Part], groups: Labels | None) -> dict[str, Any]:
    """Return H, Hi and Hij, below each other by group."""
    if groups is None:
        return {"H": parts[0].H, "Hi": parts[0].Hi, "Hij": parts[0].Hij}
    index = pd.Index(groups.labels, name="group")
    levels = ["group", "item"]
    return {
        "H": pd.Series([part.H for part in parts], index=index, name="H"),
        "Hi": pd.concat([part.Hi for part in parts], keys=index, names=levels),
        "Hij": pd.concat([part.Hij for part in parts], keys=index, names=levels),
    }


def _note(
    names: list[str],
    samples: list[Sample],
    groups: Labels | None,
    cluster: Labels | None,
    interval: str,
    level: float,
) -> str:
    n = sum(len(sample.values) for sample in samples)
    by = f" in each of {len(samples)} groups of {groups.name!r}" if groups else ""
    kind = "range-preserving" if interval == "range_preserving" else "Wald"
    if cluster is None:
        return (
            f"Mokken's scalability coefficients of {len(names)} items among {n} people{by}, with "
            "the standard errors of Kuijpers, van der Ark & Croon (2013), normal "
            f"{100 * level:g} % {kind} intervals and Mokken's Z; p is one-sided, against H > 0."
        )
    n_clusters = sum(
        int(sample.cluster[-1]) + 1 for sample in samples if sample.cluster is not None
    )
    return (
        f"Scalability coefficients within people and between people of the same {cluster.name!r} "
        f"(Snijders 2001) of {len(names)} items among {n} people in {n_clusters} clusters{by}, "
        f"with cluster-robust standard errors, {100 * level:g} % {kind} intervals (t on clusters "
        "- 1 df) and one-sided p of estimate / se, against a coefficient above 0."
    )
