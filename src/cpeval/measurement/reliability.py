"""Internal consistency: how far the items of a scale go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray
from scipy import stats

from cpeval.errors import TooFewError, listed, require_level
from cpeval.numeric import eager, numbers
from cpeval.result import Result

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
        Standard error of measurement of the sum of the items, in its points.
    n_excluded : int
        Rows that lack an item.
    """

    items: pd.DataFrame
    sem: float
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
            self.table, ax=ax, label="coefficient", labels=labels, xlabel="Reliability", zero=False
        )


def reliability(items: IntoDataFrame, *, level: float = 0.95) -> Reliability:
    r"""Say how consistently the items of one scale measure: Cronbach's alpha.

    Parameters
    ----------
    items : eager dataframe, shape (n_rows, k)
        A column an item, scored: reversed items already reversed. A row a person (at one wave:
        several rows of one person are not independent). Rows that lack an item are left out and
        counted.
    level : float, default 0.95
        Coverage of the interval, between 0 and 1.

    Returns
    -------
    Reliability
        ``table``, a row a coefficient: coefficient ("alpha"), estimate (no unit, at most 1), se,
        ci_low, ci_high, n (complete rows), n_items.

    Raises
    ------
    OptionError
        ``items`` is not an eager dataframe.
    ColumnError, DataError
        Two columns with one name, or not numeric; infinite values.
    TooFewError
        Fewer than two items or two complete rows, or all items constant.
    LevelError
        ``level`` is not between 0 and 1.

    Notes
    -----
    With C the items' covariance matrix (divisor n - 1),
    :math:`\alpha = \frac{k}{k - 1}\left(1 - \frac{\mathrm{tr}\,C}{1'C1}\right)` [1]_. The interval
    is Feldt's [2]_: :math:`1 - (1 - \alpha) F` with the quantiles of F on n - 1 and
    (n - 1)(k - 1) degrees of freedom, exact for items that are parallel and normal. se is that of
    Duhachek & Iacobucci [3]_, for large samples. The standard error of measurement is the sum's
    standard deviation times :math:`\sqrt{1 - \alpha}`.

    References
    ----------
    .. [1] Cronbach (1951). Psychometrika, 16(3), 297-334.
    .. [2] Feldt, Woodruff & Salih (1987). Applied Psychological Measurement, 11(1), 93-103.
    .. [3] Duhachek & Iacobucci (2004). Journal of Applied Psychology, 89(5), 792-808.

    Examples
    --------
    >>> items = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 3, 5], "c": [1, 3, 2, 4]})
    >>> reliability(items).table.estimate.round(3).item()
    0.929
    """
    require_level(level)
    table = eager(items).to_pandas().reset_index(drop=True)
    names = list(table.columns)
    scores = numbers(table, names)
    complete = scores[~np.isnan(scores).any(axis=1)]
    n, k = complete.shape
    if k < 2 or n < 2:
        raise TooFewError(
            f"Alpha needs two items and two people who answered them all. There are {k} items"
            f"{f' ({listed(names)})' if names else ''}, {len(scores)} rows, "
            f"{n} of them complete."
        )
    covariance = np.cov(complete, rowvar=False)
    variances = np.diag(covariance)
    constant = np.ptp(complete, axis=0) == 0
    if constant.all():
        raise TooFewError(f"All items are constant: everyone answers {listed(names)} alike.")
    total = covariance.sum()
    # Items that cancel out leave only rounding in their sum.
    alpha = _alpha(covariance) if total > 1e-12 * variances.sum() else float("nan")
    described = _items(names, complete.mean(axis=0), covariance, constant)
    low, high = _feldt(alpha, n, k, level)
    row = {
        "coefficient": "alpha",
        "estimate": alpha,
        "se": _standard_error(covariance, n) if np.isfinite(alpha) else float("nan"),
        "ci_low": low,
        "ci_high": high,
        "n": n,
        "n_items": k,
    }
    return Reliability(
        table=pd.DataFrame([row]),
        note=(
            f"Cronbach's alpha of {k} items among the {n} rows that have them all, with the "
            f"{100 * level:g} % interval of Feldt, Woodruff & Salih (1987) and the standard error "
            "of Duhachek & Iacobucci (2004)."
        ),
        warnings=tuple(_worries(described, alpha, n, len(scores), constant)),
        items=described,
        sem=float(np.sqrt(total * np.maximum(1 - alpha, 0))),
        n_excluded=len(scores) - n,
    )


def _alpha(covariance: Floats) -> float:
    k = len(covariance)
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))


def _feldt(alpha: float, n: int, k: int, level: float) -> tuple[float, float]:
    tail = (1 - level) / 2
    df = (n - 1, (n - 1) * (k - 1))
    low, high = (1 - (1 - alpha) * f for f in (stats.f.isf(tail, *df), stats.f.ppf(tail, *df)))
    return float(low), float(high)


def _standard_error(covariance: Floats, n: int) -> float:
    """Duhachek & Iacobucci's equation 2; ``covariance`` has shape (k, k)."""
    k = len(covariance)
    total, trace = covariance.sum(), np.trace(covariance)
    squared = covariance @ covariance
    inner = total * (np.trace(squared) + trace**2) - 2 * trace * squared.sum()
    # Items that agree perfectly leave rounding below zero.
    return float(np.sqrt(2 * k**2 / ((k - 1) ** 2 * total**3) * max(inner, 0.0) / n))


def _items(
    names: list[str], means: Floats, covariance: Floats, constant: NDArray[np.bool_]
) -> pd.DataFrame:
    """Describe each item and the scale without it."""
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
    items: pd.DataFrame, alpha: float, n: int, n_rows: int, constant: NDArray[np.bool_]
) -> list[str]:
    found = []
    if n < n_rows:
        found.append(f"{n_rows - n} of {n_rows} rows lack an item and were left out.")
    if constant.any():
        found.append(
            f"Items to which everyone gives the same answer: {listed(items['item'][constant])}."
        )
    if n < _FEW_PEOPLE:
        found.append(f"Only {n} complete rows: alpha is imprecise below {_FEW_PEOPLE}.")
    backwards = items["item"][items["item_rest"] < 0]
    if not backwards.empty:
        found.append(
            f"Items that go against the others (should they be reversed?): {listed(backwards)}."
        )
    if np.isnan(alpha):
        found.append("The items cancel out, so their sum doesn't vary and alpha is undefined.")
    return found
