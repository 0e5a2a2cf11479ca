"""How many dimensions the items have, and which item belongs to which."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.definitions.model import Instrument
from cpeval.errors import DataError, OptionError, TooFewError, listed, require_option, require_whole
from cpeval.measurement.consistency.closed_forms import correlations
from cpeval.measurement.consistency.item_moments import ItemMoments
from cpeval.measurement.item_scores import item_scores
from cpeval.measurement.structure import factors as extraction
from cpeval.measurement.structure.parallel_analysis import (
    average_partials,
    eigenvalues,
    leading,
    random_eigenvalues,
    random_polychoric_eigenvalues,
)
from cpeval.measurement.structure.polychoric import polychoric
from cpeval.result import Result
from cpeval.scoring.item_columns import Items
from cpeval.seeds import require_seed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

#: More different answers than this are no categories.
_MOST_CATEGORIES = 15
_FEW_PEOPLE, _FEW_PER_ITEM = 100, 5
_FEWEST_DRAWS = 20


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Dimensions(Result):
    """A `Result` that also holds what the number of dimensions rests on, and the factors.

    Attributes
    ----------
    suggested : pandas.DataFrame
        criterion ("parallel_95", "parallel_mean", "map", "map4"), factors: how many it suggests.
    average_partials : pandas.DataFrame
        components, map, map4: Velicer's criteria after so many components; the least is best.
    loadings : pandas.DataFrame
        item, a column a factor (factor_1 ...), communality.
    factor_correlations : pandas.DataFrame
        Square, named factor_1 ... on both sides.
    correlations : pandas.DataFrame
        Between items, as analysed; square, named by items on both sides.
    n_excluded : int
        Rows that were not used.
    """

    suggested: pd.DataFrame
    average_partials: pd.DataFrame
    loadings: pd.DataFrame
    factor_correlations: pd.DataFrame
    correlations: pd.DataFrame
    n_excluded: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw eigenvalues in order (a scree plot) with those of unrelated items.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.scree import scree

        return scree(self.table, ax=ax)


def dimensions(
    items: IntoDataFrame,
    *,
    instrument: str | Path | Instrument | None = None,
    scale: str | None = None,
    columns: Items = None,
    correlation: str = "pearson",
    factors: int | None = None,
    rotation: str = "oblimin",
    draws: int = 500,
    missing: str = "listwise",
    seed: int | np.random.Generator | None = None,
) -> Dimensions:
    r"""Say how many dimensions items have, by parallel analysis and MAP, with factor loadings.

    Parameters
    ----------
    items : eager dataframe, shape (n_rows, k)
        A column an item; with ``instrument``, data that hold its item columns.
    instrument : str, pathlib.Path or Instrument, optional
        Scores the items first.
    scale : str, optional
        The column of the instrument's scale whose items are meant.
    columns : str, sequence of str or mapping, optional
        Where the instrument's items are, as `cpeval.score` takes ``items``.
    correlation : {"pearson", "polychoric"}
        Of the answers as numbers, or of normal variables that ordered answers are cut from: better
        for few or skewed categories, with some hundreds of people.
    factors : int, optional
        How many to extract; by default what parallel analysis (95 %) suggests, at least 1.
    rotation : {"oblimin", "varimax", "none"}
        Factors that may correlate, that may not, or as extracted.
    draws : int, default 500
        Sets of unrelated items for parallel analysis. With polychoric correlations each takes
        as long as the items themselves: 30 items of 10,000 people a few tenths of a second.
    missing : {"listwise", "pairwise", "two_way"}
        As `cpeval.measurement.reliability` takes it.
    seed : int or numpy.random.Generator, optional
        For the draws and two-way imputation.

    Returns
    -------
    Dimensions
        ``table``, a row a component: term ("component_1" ...), estimate (its eigenvalue), share
        (of the variance), random_mean and random_95 (mean and 95th percentile of that eigenvalue
        among unrelated items), p (share of draws with a larger one, the sample counted as one), n.

    Raises
    ------
    OptionError
        ``items`` is not an eager dataframe; an option is none of those above; more factors than
        the items can show.
    ColumnError, CodeError, DataError, DefinitionError
        As `cpeval.score` raises them; polychoric correlations of more than 15 different answers.
    TooFewError
        Fewer than three items that vary, or three rows to use.

    Notes
    -----
    Parallel analysis [1]_ counts the leading eigenvalues of the correlation matrix above those of
    unrelated normal items (with polychoric correlations: unrelated answers with each item's
    shares). MAP [2]_ takes out components for as long as the average squared partial correlation
    falls; map4 takes the 4th power. Factors are extracted by minres (least squares of
    correlations). oblimin has gamma 0; varimax Kaiser's normalisation. Polychoric correlations
    are maximum likelihood in two steps [3]_, no count added to empty cells; psych adds 0.5.
    Constant items are left out, and named.

    References
    ----------
    .. [1] Horn (1965). Psychometrika, 30(2), 179-185.
    .. [2] Velicer (1976). Psychometrika, 41(3), 321-327.
    .. [3] Olsson (1979). Psychometrika, 44(4), 443-460.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> trait = rng.normal(size=(300, 2)).repeat(4, axis=1)
    >>> answers = pd.DataFrame(trait + rng.normal(size=(300, 8)), columns=list("abcdefgh"))
    >>> dimensions(answers, seed=1).suggested.factors.tolist()
    [2, 2, 2, 2]
    """
    require_option("correlation", correlation, ("pearson", "polychoric"))
    require_option("rotation", rotation, ("oblimin", "varimax", "none"))
    for name, value, least in (("draws", draws, _FEWEST_DRAWS), ("factors", factors, 1)):
        if name == "factors" and value is None:
            continue
        require_whole(name, value, least=least)
    require_seed(seed)
    rng = np.random.default_rng(seed)
    scores = item_scores(
        items,
        instrument=instrument,
        scale=scale,
        columns=columns,
        missing=missing,
        seed=rng,
        least_items=3,
        least_people=3,
        what="The analysis of dimensions",
    )
    varied = np.nanmax(scores.values, axis=0) > np.nanmin(scores.values, axis=0)
    names = [name for name, is_so in zip(scores.names, varied, strict=True) if is_so]
    constant = [name for name in scores.names if name not in names]
    if len(names) < 3:
        raise TooFewError(
            "The analysis of dimensions needs three items that vary. Everyone gives the same "
            f"answer to {listed(constant)}."
        )
    values = scores.values[:, varied]
    moments = ItemMoments.of(values)
    if moments.n < 3:
        raise TooFewError(
            "Pairs of items that fewer than three people answered have no correlation. Leave "
            'items out or use missing="two_way".'
        )
    if correlation == "polychoric":
        _require_categories(values, names)
        matrix = polychoric(values)
        chance = random_polychoric_eigenvalues(values, draws, rng)
    else:
        matrix = correlations(moments.covariance)
        chance = random_eigenvalues(moments.n, len(names), draws, rng)
    if not np.isfinite(matrix).all():
        raise TooFewError(
            "Some items don't vary among the people who answered another. Leave items out or use "
            'missing="two_way".'
        )
    table = _against_chance(matrix, chance, moments.n)
    partials = average_partials(matrix)
    suggested = _suggested(table, partials)
    found = _factors(matrix, factors, int(suggested["factors"].iloc[0]), rotation)
    said = [f"Everyone gives the same answer, left out: {listed(constant)}."] if constant else []
    return Dimensions(
        table=table,
        note=_note(len(names), moments.n, correlation, draws, rotation, found),
        warnings=tuple(scores.warnings + said + _worries(matrix, moments.n, names, found)),
        suggested=suggested,
        average_partials=pd.DataFrame(
            {
                "components": np.arange(len(partials)),
                "map": partials[:, 0],
                "map4": partials[:, 1],
            }
        ),
        loadings=_loadings(names, found),
        factor_correlations=_square(found.correlations, _factor_names(found)),
        correlations=_square(matrix, names),
        n_excluded=scores.n_excluded,
    )


def _require_categories(values: Floats, names: list[str]) -> None:
    many = [
        f"{name!r} ({size})"
        for name, column in zip(names, values.T, strict=True)
        if (size := np.unique(column[~np.isnan(column)]).size) > _MOST_CATEGORIES
    ]
    if many:
        raise DataError(
            f"Polychoric correlations are for up to {_MOST_CATEGORIES} ordered answers; there are "
            f'more in {", ".join(many)}. Use correlation="pearson".'
        )


def _against_chance(matrix: Floats, chance: Floats, n: int) -> pd.DataFrame:
    observed = eigenvalues(matrix)
    return pd.DataFrame(
        {
            "term": [f"component_{place}" for place in range(1, len(observed) + 1)],
            "estimate": observed,
            "share": observed / len(observed),
            "random_mean": chance.mean(axis=0),
            "random_95": np.quantile(chance, 0.95, axis=0),
            "p": ((chance >= observed).sum(axis=0) + 1) / (len(chance) + 1),
            "n": n,
        }
    )


def _suggested(table: pd.DataFrame, partials: Floats) -> pd.DataFrame:
    observed = table["estimate"].to_numpy()
    counts = {
        "parallel_95": leading(observed, table["random_95"].to_numpy()),
        "parallel_mean": leading(observed, table["random_mean"].to_numpy()),
        "map": int(np.nanargmin(partials[:, 0])),
        "map4": int(np.nanargmin(partials[:, 1])),
    }
    return pd.DataFrame({"criterion": list(counts), "factors": list(counts.values())})


def _most_factors(k: int) -> int:
    """The most factors that k items can show: no more parameters than correlations (Ledermann)."""
    return max(p for p in range(1, k) if (k - p) ** 2 >= k + p or p == 1)


def _factors(
    matrix: Floats, wanted: int | None, suggested: int, rotation: str
) -> extraction.Factors:
    most = _most_factors(len(matrix))
    if wanted is not None and wanted > most:
        raise OptionError(f"{len(matrix)} items can show {most} factors at most. Got {wanted}.")
    found = extraction.minres(matrix, wanted or min(max(suggested, 1), most))
    if found.loadings.shape[1] == 1 or rotation == "none":
        return found
    return extraction.oblimin(found) if rotation == "oblimin" else extraction.varimax(found)


def _factor_names(found: extraction.Factors) -> list[str]:
    return [f"factor_{place}" for place in range(1, found.loadings.shape[1] + 1)]


def _loadings(names: list[str], found: extraction.Factors) -> pd.DataFrame:
    table = pd.DataFrame(found.loadings, columns=_factor_names(found))
    table.insert(0, "item", names)
    return table.assign(communality=1 - found.unique)


def _square(matrix: Floats, names: list[str]) -> pd.DataFrame:
    return pd.DataFrame(matrix, index=names, columns=names)


def _note(
    k: int, n: int, correlation: str, draws: int, rotation: str, found: extraction.Factors
) -> str:
    p = found.loadings.shape[1]
    kind = {"pearson": "Pearson", "polychoric": "polychoric (Olsson, 1979)"}[correlation]
    turned = f", rotated by {rotation}" if p > 1 and rotation != "none" else ""
    return (
        f"Parallel analysis (Horn, 1965) of {kind} correlations among {k} items, {n} rows, "
        f"against {draws:,} sets of unrelated items; MAP (Velicer, 1976). Loadings: {p} minres "
        f"factor{'s' if p > 1 else ''}{turned}."
    )


def _worries(matrix: Floats, n: int, names: list[str], found: extraction.Factors) -> list[str]:
    said = []
    if n < _FEW_PEOPLE or n < _FEW_PER_ITEM * len(names):
        said.append(
            f"Only {n} rows for {len(names)} items: the number of dimensions and the loadings are "
            f"imprecise below {_FEW_PEOPLE} rows or {_FEW_PER_ITEM} an item."
        )
    least = float(np.linalg.eigvalsh(matrix)[0])
    if least < -1e-10:
        said.append(
            f"The correlations contradict each other (least eigenvalue {least:.3f}): too few "
            "people for each pair, or answers that hardly anyone gives."
        )
    elif least < 1e-10:
        said.append("Some items follow from others, or there are no more people than items.")
    perfect = np.argwhere(np.triu(np.abs(matrix) > 0.99, 1)).tolist()
    if perfect:
        pairs = ", ".join(f"{names[i]!r} and {names[j]!r}" for i, j in perfect[:20])
        more = f" and {len(perfect) - 20} more pairs" if len(perfect) > 20 else ""
        said.append(f"Pairs of items that correlate (nearly) perfectly: {pairs}{more}.")
    improper = [name for name, is_so in zip(names, found.improper, strict=True) if is_so]
    if improper:
        said.append(
            "Items without variance of their own in this solution (Heywood cases), fewer factors "
            f"may fit better: {listed(improper)}."
        )
    return said
