"""Where differences between ratings come from, and how well their mean tells units apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.errors import listed, require_level, require_option
from cpeval.fidelity.component_estimates import METHODS, Estimates, estimates
from cpeval.fidelity.facet_cells import RatingCells, facet_cells
from cpeval.fidelity.facet_design import FacetDesign, facet_design
from cpeval.fidelity.measurement_error import (
    mean_levels,
    planned_shares,
    precision,
    study_shares,
)
from cpeval.number_agreement import counted
from cpeval.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Fewer levels of a facet than this say little about its variance.
_FEW_LEVELS = 5
_FEW_UNITS = 20


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Generalisability(Result):
    """A `Result` with what follows for a unit's mean over the study's ratings.

    Attributes
    ----------
    g : float
        Generalisability coefficient: share of true differences in differences between units.
    phi : float
        Index of dependability: the same with absolute error, for scores taken as they are.
    sem, sem_relative : float
        Standard errors of measurement in points, absolute and relative.
    unit_variance : float
        Variance of true scores between units, in squared points.
    mean : float
        Mean of the ratings.
    n_levels : dict
        Each facet's number of levels per unit (and in each level of what it is nested in); a
        harmonic mean where numbers differ.
    coefficients : pandas.DataFrame
        term (g, phi, sem, sem_relative), estimate, ci_low, ci_high.
    mean_squares : pandas.DataFrame or None
        Balanced ratings: term, df, sum_of_squares, mean_square, estimate (not set to 0).
    draws : numpy.ndarray, shape (4096, m)
        Variances that the ratings are compatible with, for intervals of what they make up.
    method : str
        "ANOVA", "REML" or "Henderson".
    balanced : bool
        Whether every combination was rated once.
    n_missing : int
        Rows without a rating, left out.
    design : FacetDesign
        The effects behind ``table``'s rows.
    level : float
        Coverage of the intervals.
    """

    g: float
    phi: float
    sem: float
    sem_relative: float
    unit_variance: float
    mean: float
    n_levels: dict[str, float]
    coefficients: pd.DataFrame
    mean_squares: pd.DataFrame | None
    draws: NDArray[np.float64]
    method: str
    balanced: bool
    n_missing: int
    design: FacetDesign
    level: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each variance with its interval.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.intervals import intervals

        return intervals(self.table, ax=ax, xlabel="Variance (squared points)")


def generalisability(
    data: IntoDataFrame,
    *,
    rating: str = "rating",
    unit: str = "unit",
    facets: Sequence[str] = ("assessor", "item"),
    nested: Mapping[str, str | Sequence[str]] | None = None,
    method: str = "auto",
    level: float = 0.95,
) -> Generalisability:
    r"""Divide the variance of ratings among units, facets and their interactions (a G study).

    Parameters
    ----------
    data : eager dataframe, shape (n_ratings, n_columns)
        Long: a row a rating of one unit under one level of each facet. Rows without a rating are
        left out and counted.
    rating : str, default "rating"
        Numbers, in points.
    unit : str, default "unit"
        What is rated and should be told apart: people, teams, sites.
    facets : sequence of str, default ("assessor", "item")
        One to four columns that ratings may depend on, and should not. Their levels are taken as
        drawn at random; `decision_study` can hold some fixed.
    nested : mapping, optional
        Column to the column, or list of columns, that it is nested in, such as
        ``{"item": "component"}`` with both among the facets, ``{"assessor": "unit"}`` when every
        unit has assessors of its own, or ``{"unit": "site", "assessor": "site"}``. What holds
        units is no facet: differences between sites are then true differences between units.
    method : {"auto", "anova", "reml"}
        "anova" equates mean squares to their expectations; with gaps or unequal numbers, sums
        of squares (Henderson's method 1). "auto" takes it for balanced ratings, and REML for
        others unless that would take very long.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    Generalisability
        ``table``, a row an effect: term (as ``unit``, ``unit:assessor``, ``item(component)``;
        ``residual`` is the interaction of all with error), estimate (a variance of one rating,
        squared points, at least 0), share (of their sum), se, df (of a chi-squared variable that
        varies as much; Satterthwaite), ci_low, ci_high, n (levels of the effect).

    Raises
    ------
    OptionError
        ``data`` is not an eager dataframe; facets or nesting that can't be; an unknown method.
    ColumnError, DataError
        Columns that are absent or not numbers; ratings without a unit or a level.
    DuplicateError
        Two ratings of a unit under the same levels of all facets (rows named).
    TooFewError
        A facet with one level, such as one assessor only; one unit; ratings that are all equal;
        effects that can't be told apart, since one level always goes with one of another.
    LevelError
        ``level`` is not between 0 and 1.

    Notes
    -----
    A rating is the sum of a mean and independent effects, one for each set of factors, each with
    a variance. Balanced: :math:`E(MS_\alpha) = \sum_{\beta \supseteq \alpha} \sigma^2_\beta
    \prod_{f \notin \beta} n_f`, solved for the variances [1]_; where all are above 0, REML gives
    the same. Variances below 0 are set to 0, the others left as they are (Brennan's way), and
    ``warnings`` names them. Intervals: modified large sample [2]_. The se is
    :math:`\sqrt{\sum_k c_k^2 2 MS_k^2 / (df_k + 2)}` [1]_.

    Not balanced: REML by Newton's method with average information [3]_, from which the se comes,
    no variance below 0; or Henderson's method 1, which needs one pass. Intervals are those of a
    balanced design with the mean squares that the variances imply: an effect's levels have their
    ratings' harmonic mean, and degrees of freedom are counts of levels less those of coarser
    effects.

    With :math:`\sigma^2_\tau` the variance of effects without facets, and :math:`\sigma^2_\delta`,
    :math:`\sigma^2_\Delta` relative and absolute error variance of a unit's mean over its
    ratings, :math:`g = \sigma^2_\tau / (\sigma^2_\tau + \sigma^2_\delta)` and
    :math:`\phi = \sigma^2_\tau / (\sigma^2_\tau + \sigma^2_\Delta)`. Where units' ratings differ in
    number, a variance counts as :math:`\sum_c w_{jc}^2` averaged over units, :math:`w_{jc}` being
    the share of unit j's ratings at level c. Intervals of coefficients are generalised pivots [4]_
    of the mean squares, or of those implied.

    References
    ----------
    .. [1] Brennan (2001). Generalizability Theory. Springer. Sections 3.4, 5.1, 6.1, 7.1.
    .. [2] Ting, Burdick, Graybill, Jeyaratnam & Lu (1990). Journal of Statistical Computation and
           Simulation, 35(3-4), 135-143.
    .. [3] Gilmour, Thompson & Cullis (1995). Biometrics, 51(4), 1440-1450.
    .. [4] Weerahandi (1993). Journal of the American Statistical Association, 88(423), 899-905.

    Examples
    --------
    Three teams, each rated by the same two assessors on the same two items.

    >>> data = pd.DataFrame({
    ...     "unit": list("AAAABBBBCCCC"),
    ...     "assessor": ["Kim", "Kim", "Lee", "Lee"] * 3,
    ...     "item": [1, 2] * 6,
    ...     "rating": [2, 3, 2, 4, 3, 4, 4, 4, 4, 5, 5, 5],
    ... })
    >>> found = generalisability(data)
    >>> found.table[["term", "estimate"]].round(3).values.tolist()
    [['unit', 1.0], ['assessor', 0.167], ['item', 0.333], ['unit:assessor', 0.0],
     ['unit:item', 0.0], ['assessor:item', 0.0], ['residual', 0.333]]
    >>> round(found.phi, 3)
    0.75
    """
    require_level(level)
    require_option("method", method, METHODS)
    design = facet_design(unit, facets, nested if nested is not None else {})
    cells = facet_cells(data, rating, design)
    found = estimates(cells, method, level)
    if found.counts is None:
        shares, levels = study_shares(cells), mean_levels(cells)
    else:
        levels = {name: float(found.counts[name]) for name in design.facets}
        shares = planned_shares(design, levels)
    point = precision(found.components, shares)
    spread = precision(found.draws, shares)
    names = ("g", "phi", "sem", "sem_relative")
    tails = [(1 - level) / 2, (1 + level) / 2]
    coefficients = pd.DataFrame(
        [
            (name, float(getattr(point, name)), *_ends(getattr(spread, name), tails))
            for name in names
        ],
        columns=["term", "estimate", "ci_low", "ci_high"],
    )
    return Generalisability(
        table=_table(cells, found),
        note=_note(cells, found, level),
        warnings=tuple(_worries(cells, found)),
        g=float(point.g),
        phi=float(point.phi),
        sem=float(point.sem),
        sem_relative=float(point.sem_relative),
        unit_variance=float(point.unit_variance),
        mean=float(cells.y.mean()),
        n_levels=levels,
        coefficients=coefficients,
        mean_squares=_mean_squares(design, found),
        draws=found.draws,
        method=found.method,
        balanced=found.squares is not None,
        n_missing=cells.n_missing,
        design=design,
        level=level,
    )


def _ends(values: NDArray[np.float64], tails: list[float]) -> tuple[float, float]:
    """Return quantiles of the draws that have a value."""
    known = values[~np.isnan(values)]
    if not known.size:
        return np.nan, np.nan
    low, high = np.quantile(known, tails)
    return float(low), float(high)


def _table(cells: RatingCells, found: Estimates) -> pd.DataFrame:
    design = cells.design
    return pd.DataFrame(
        {
            "term": design.terms,
            "estimate": found.components,
            "share": found.components / found.components.sum(),
            "se": found.se,
            "df": found.df,
            "ci_low": found.low,
            "ci_high": found.high,
            "n": [cells.sizes[effect] for effect in design.effects],
        }
    )


def _mean_squares(design: FacetDesign, found: Estimates) -> pd.DataFrame | None:
    if found.squares is None:
        return None
    squares = found.squares
    return pd.DataFrame(
        {
            "term": design.terms,
            "df": squares.df,
            "sum_of_squares": squares.square * squares.df,
            "mean_square": squares.square,
            "estimate": found.raw,
        }
    )


def _note(cells: RatingCells, found: Estimates, level: float) -> str:
    design = cells.design
    units = cells.sizes[cells.unit_effect]
    return (
        f"Generalisability study {design.text} of {cells.n} ratings of {units} units: "
        f"{found.how}. {100 * level:g} % intervals: {found.intervals}."
    )


def _worries(cells: RatingCells, found: Estimates) -> list[str]:
    design = cells.design
    said = []
    if cells.n_missing:
        said.append(counted(cells.n_missing, "{n} row[s] without a rating [was|were] left out."))
    if found.squares is None:
        said.append(
            "Not every combination was rated, or numbers differ: results hold if what is missing "
            "doesn't depend on what it would have been."
        )
    below = [
        f"{term} ({value:.3g})"
        for term, value in zip(design.terms, found.raw, strict=True)
        if value < 0
    ]
    if below:
        said.append(
            f"Variances estimated below 0 were set to 0: {', '.join(below)}. They are small, or "
            "there are too few ratings to see them."
        )
    if cells.reused:
        said.append(
            f"Labels of {listed(cells.reused)} occur in several levels of what it is nested in; "
            "they count as different, as 'nested' says."
        )
    few = [
        f"{cells.sizes[design.above[name]]} of {name!r}"
        for name in design.facets
        if cells.sizes[design.above[name]] < _FEW_LEVELS
    ]
    if few:
        said.append(
            f"Few levels: {', '.join(few)}. Their variances are uncertain; see the intervals."
        )
    units = cells.sizes[cells.unit_effect]
    if units < _FEW_UNITS:
        said.append(f"Only {units} units: their variance, and so g and phi, are uncertain.")
    said.extend(found.worries)
    return said
