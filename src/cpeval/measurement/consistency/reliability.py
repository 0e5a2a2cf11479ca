"""Internal consistency: how far the items of a scale go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.definitions.model import Instrument
from cpeval.errors import TooFewError, listed, require_level
from cpeval.measurement.consistency.closed_forms import correlations
from cpeval.measurement.consistency.coefficients import NAMES, Asked, asked_for, estimates
from cpeval.measurement.consistency.item_moments import ItemMoments
from cpeval.measurement.consistency.one_factor import omega_variants
from cpeval.measurement.item_scores import ItemScores, item_scores
from cpeval.result import Result
from cpeval.scoring.item_columns import Items

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

Floats = NDArray[np.float64]

#: Below this many people, alpha's interval is wide and its theory, which needs normal items, thin.
_FEW_PEOPLE = 50


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Reliability(Result):
    """A `Result` that also describes the items.

    Attributes
    ----------
    items : pandas.DataFrame
        item, mean, sd, item_rest (correlation with the sum of the others), alpha_if_deleted
        (NaN with two items). NaN for an item that is constant, where it is undefined.
    sem : float
        Standard error of measurement of the sum of the items, in its points: its standard
        deviation times the root of 1 - alpha.
    omega_variants : pandas.DataFrame
        Omega total as other software has it: estimator ("ml", "minres"), metric ("raw",
        "standardized"), denominator ("model", "observed"), estimate. Empty where ``table`` has no
        omega_total or it is undefined.
    n_excluded : int
        Rows that lack an item; with ``missing`` other than "listwise", those without any answer.
    """

    items: pd.DataFrame
    sem: float
    omega_variants: pd.DataFrame
    n_excluded: int

    def plot(self, ax: Axes | None = None, *, labels: Labels | None = None) -> Axes:
        """Draw each coefficient with its interval.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        labels : mapping, optional
            Coefficient to what to show.
        """
        from cpeval.plots.intervals import intervals

        return intervals(
            self.table,
            ax=ax,
            label="coefficient",
            labels=labels or NAMES,
            xlabel="Reliability",
            zero=False,
        )


def reliability(
    items: IntoDataFrame,
    *,
    instrument: str | Path | Instrument | None = None,
    scale: str | None = None,
    columns: Items = None,
    coefficients: Sequence[str] | None = None,
    factors: int | None = None,
    classes: int | None = None,
    level: float = 0.95,
    bootstrap: int = 0,
    missing: str = "listwise",
    seed: int | np.random.Generator | None = None,
) -> Reliability:
    r"""Say how consistently the items of one scale measure: alpha, omega, lambdas and others.

    Parameters
    ----------
    items : eager dataframe, shape (n_rows, k)
        A column an item, scored: reversed items already reversed; with ``instrument``, data that
        hold its item columns. A row a person (at one wave: several rows of one person are not
        independent).
    instrument : str, pathlib.Path or Instrument, optional
        Scores the items first.
    scale : str, optional
        The column of the instrument's scale whose items are meant, such as ``"sf_36_mh"``.
    columns : str, sequence of str or mapping, optional
        Where the instrument's items are, as `cpeval.score` takes ``items``.
    coefficients : sequence of str, optional
        Which rows, in this order: any of alpha, standardized_alpha, lambda2, lambda6,
        omega_total, split_half, mokken_ms (the default) and lambda4, glb, lcrc,
        omega_hierarchical. ``bootstrap`` then applies to all of them.
    factors : int, optional
        For omega_hierarchical, which it asks for: how many group factors; 3 if not given.
    classes : int, optional
        For lcrc: how many latent classes; k - 1 if not given.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1.
    bootstrap : int, default 0
        Samples drawn for the error and interval of alpha, or of the ``coefficients`` named (all
        but mokken_ms, lambda4, glb, lcrc and omega_hierarchical). 0 for none, else 100 or more.
    missing : {"listwise", "pairwise", "two_way"}
        Leave out rows that lack an item; take each covariance from those who answered both items;
        or fill gaps in (`cpeval.measurement.item_scores.two_way`).
    seed : int or numpy.random.Generator, optional
        For the bootstrap, lcrc's random starts and two-way imputation.

    Returns
    -------
    Reliability
        ``table``, a row a coefficient: coefficient, estimate (no unit, at most 1), se, ci_low,
        ci_high, n (rows used; with "pairwise" the fewest for a pair), n_items. What is undefined
        is NaN, and ``warnings`` say why.

    Raises
    ------
    OptionError
        ``items`` is not an eager dataframe; an option is none of those above, or asks for what
        no named coefficient takes.
    ColumnError, CodeError, DataError, DefinitionError
        As `cpeval.score` raises them; two columns with one name, not numeric, infinite values.
    TooFewError
        Fewer than two items or two rows to use, or all items constant.
    LevelError
        ``level`` is not between 0 and 1.

    Notes
    -----
    Of the items' covariance matrix C (divisor n - 1), with T the sum of its elements:

    - alpha :math:`= \frac{k}{k - 1}(1 - \mathrm{tr}\,C / T)` [1]_; standardized_alpha the same of
      the correlations.
    - lambda2 :math:`= \{\sum_{i \ne j} c_{ij} + (\frac{k}{k-1} \sum_{i \ne j}
      c_{ij}^2)^{1/2}\} / T`; lambda4 the most that halves of the items give,
      :math:`4 c_{12} / T`; lambda6 :math:`= 1 - \sum_i (C^{-1})_{ii}^{-1} / T` [4]_.
    - split_half: items 1, 3, 5 ... against 2, 4, 6 ..., their correlation r as 2r / (1 + r).
    - omega_total :math:`= (\sum \lambda)^2 / \{(\sum \lambda)^2 + \sum \psi\}` of one factor by
      maximum likelihood, in the items' units [5]_. ``omega_variants`` has others.
    - omega_hierarchical: the general factor's share of the variance of the standardised sum, by
      Schmid and Leiman from minres factors rotated by oblimin, as psych without flipping.
    - mokken_ms: Molenaar & Sijtsma's rho; lcrc: the latent class reliability coefficient (the
      best of 20 random starts); glb: the greatest lower bound, which is too high in samples
      below about 1,000.

    Alpha's interval is Feldt's [2]_, :math:`1 - (1 - \alpha) F` on n - 1 and (n - 1)(k - 1)
    degrees of freedom, exact for items that are parallel and normal; its se is that of Duhachek &
    Iacobucci [3]_. standardized_alpha, lambda2, lambda6, split_half and omega_total have errors
    from each person's influence, which hold whatever the distribution, and normal intervals for
    log(1 - estimate). The bootstrap's intervals are BCa [6]_. The others have no error.

    References
    ----------
    .. [1] Cronbach (1951). Psychometrika, 16(3), 297-334.
    .. [2] Feldt, Woodruff & Salih (1987). Applied Psychological Measurement, 11(1), 93-103.
    .. [3] Duhachek & Iacobucci (2004). Journal of Applied Psychology, 89(5), 792-808.
    .. [4] Guttman (1945). Psychometrika, 10(4), 255-282.
    .. [5] McDonald (1999). Test theory: A unified treatment. Erlbaum.
    .. [6] Efron (1987). Journal of the American Statistical Association, 82(397), 171-185.

    Examples
    --------
    >>> items = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 3, 5], "c": [1, 3, 2, 4]})
    >>> reliability(items, coefficients=["alpha"]).table.estimate.round(3).item()
    0.929
    """
    require_level(level)
    asked = asked_for(coefficients, factors, classes, level, bootstrap, missing)
    scores = item_scores(
        items,
        instrument=instrument,
        scale=scale,
        columns=columns,
        missing=missing,
        seed=seed,
        what="Alpha" if asked.names == ["alpha"] else "Reliability",
    )
    return _reliability(scores, asked, missing, seed)


def _reliability(
    scores: ItemScores, asked: Asked, missing: str, seed: int | np.random.Generator | None
) -> Reliability:
    names, values = scores.names, scores.values
    moments = ItemMoments.of(values)
    if moments.n < 2:
        raise TooFewError(
            "Pairs of items that fewer than two people answered have no covariance. Leave items "
            'out or use missing="two_way".'
        )
    constant = np.nanmax(values, axis=0) == np.nanmin(values, axis=0)
    if constant.all():
        raise TooFewError(f"All items are constant: everyone answers {listed(names)} alike.")
    # Where everyone answers alike, centring may leave rounding.
    covariance = np.where(constant[:, None] | constant, 0.0, moments.covariance)
    moments = replace(moments, covariance=covariance)
    asked = asked.possible_with(len(names))
    found = estimates(values, names, moments, asked, seed)
    described = describe_items(names, moments.means, covariance, constant)
    alpha = found.alpha
    fitted = "omega_total" in asked.names and "omega_total" not in found.undefined
    return Reliability(
        table=found.table,
        note=" ".join([_base(scores, moments, missing, asked), *found.sentences]),
        warnings=(
            *scores.warnings,
            *_worries(
                described, found.table, moments, constant, asked.level, pairs=missing == "pairwise"
            ),
            *found.warnings,
        ),
        items=described,
        sem=float(np.sqrt(covariance.sum() * max(1 - alpha, 0.0))) if np.isfinite(alpha) else alpha,
        omega_variants=omega_variants(covariance) if fitted else _no_variants(),
        n_excluded=scores.n_excluded,
    )


def _no_variants() -> pd.DataFrame:
    return pd.DataFrame(columns=["estimator", "metric", "denominator", "estimate"])


def _base(scores: ItemScores, moments: ItemMoments, missing: str, asked: Asked) -> str:
    """Say what the table is of; alone it reads as a note on alpha."""
    k = len(scores.names)
    who = {
        "listwise": f"among the {moments.n} rows that have them all",
        "pairwise": f"from pairs of items, each answered in {moments.n} rows or more",
        "two_way": f"among the {moments.n} rows that have any of them",
    }[missing]
    if asked.names[0] == "alpha" and "alpha" not in asked.resampled:
        return (
            f"Cronbach's alpha of {k} items {who}, with the {100 * asked.level:g} % interval of "
            "Feldt, Woodruff & Salih (1987) and the standard error of Duhachek & Iacobucci (2004)."
        )
    return f"Reliability of {k} items {who}."


def describe_items(
    names: list[str], means: Floats, covariance: Floats, constant: NDArray[np.bool_]
) -> pd.DataFrame:
    """Describe each item and the scale without it: see `Reliability.items`."""
    k = len(names)
    variances, sums = np.diag(covariance), covariance.sum(axis=0)
    rest = covariance.sum() - 2 * sums + variances  # variance of the sum of the others
    spread = np.sqrt(np.where(constant, np.nan, variances) * np.where(rest > 0, rest, np.nan))
    with np.errstate(invalid="ignore", divide="ignore"):
        without = (k - 1) / max(k - 2, 1) * (1 - (np.trace(covariance) - variances) / rest)
    return pd.DataFrame(
        {
            "item": names,
            "mean": means,
            "sd": np.where(constant, 0.0, np.sqrt(variances)),
            "item_rest": (sums - variances) / spread,
            "alpha_if_deleted": np.where((k > 2) & (rest > 0), without, np.nan),
        }
    )


def _worries(
    items: pd.DataFrame,
    table: pd.DataFrame,
    moments: ItemMoments,
    constant: NDArray[np.bool_],
    level: float,
    *,
    pairs: bool,
) -> list[str]:
    found = []
    if constant.any():
        found.append(
            f"Items to which everyone gives the same answer: {listed(items['item'][constant])}. "
            "They say nothing but count as items, which brings alpha and lambda2 nearer to 0: "
            "leave them out."
        )
    if moments.n < _FEW_PEOPLE:
        first = table.iloc[0]
        told = (
            f", its {100 * level:g} % interval runs from {first['ci_low']:.2f} to "
            f"{first['ci_high']:.2f}"
            if first["coefficient"] == "alpha" and np.isfinite(first["ci_low"])
            else ""
        )
        found.append(
            f"Only {moments.n} {'rows have both items of some pair' if pairs else 'complete rows'}"
            f": alpha is imprecise below {_FEW_PEOPLE}{told}."
        )
    if moments.n <= len(items):
        found.append(
            f"There are no more people ({moments.n}{' for some pair' if pairs else ''}) than items "
            f"({len(items)}): coefficients tell of this sample only."
        )
    backwards = items["item"][items["item_rest"] < 0]
    if not backwards.empty:
        found.append(
            f"Items that go against the others (should they be reversed?): {listed(backwards)}."
        )
    alike = np.argwhere(np.triu(np.abs(correlations(moments.covariance)) > 1 - 1e-10, 1))
    if alike.size:
        which = ", ".join(
            f"{items['item'][i]!r} and {items['item'][j]!r}" for i, j in alike[:20].tolist()
        )
        more = f" and {len(alike) - 20} more pairs" if len(alike) > 20 else ""
        found.append(f"Items that say the same, one following from the other: {which}{more}.")
    if not covariance_adds_up(moments.covariance):
        found.append("The items cancel out, so their sum doesn't vary and alpha is undefined.")
    return found


def covariance_adds_up(covariance: Floats) -> bool:
    """Whether the sum of the items varies: items that cancel out leave only rounding in it."""
    return bool(covariance.sum() > 1e-12 * np.trace(covariance))
