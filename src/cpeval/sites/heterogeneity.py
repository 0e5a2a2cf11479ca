"""`heterogeneity`: each site's own effect, and how much effects differ between sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from cpeval.errors import OptionError, TooFewError, listed, require_level
from cpeval.moments.heterogeneity import Pooled, own_effects, pool_effects
from cpeval.moments.site_moments import SiteMoments
from cpeval.result import Result
from cpeval.sites.prepared import prepare

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

#: Below this many sites the variance between them is hardly known.
_FEW_SITES = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Heterogeneity(Result):
    """What `heterogeneity` found.

    Attributes
    ----------
    table : pandas.DataFrame, shape (k, 8)
        A row for each site with an effect of its own: site, estimate (in the outcome's units), se,
        df, ci_low, ci_high, weight (its share in the mean effect; they add up to 1), n (rows).
    pooled : pandas.DataFrame, shape (1, 11)
        The mean effect: term, estimate, se, df, statistic (t), p, ci_low, ci_high,
        prediction_low, prediction_high, n (sites).
    tau2 : float
        Variance of effects between sites, in the outcome's units squared.
    i2 : float
        Share of the variance of the estimates that is between sites, 0 to 1.
    q, q_p : float
        Cochran's test that effects are equal, and its p.
    term, outcome : str
    left_out : tuple
        Sites without an effect of their own.
    n, n_dropped : int
        Rows of the sites in the table; rows left out for missing values.
    """

    pooled: pd.DataFrame
    tau2: float
    i2: float
    q: float
    q_p: float
    term: str
    outcome: str
    left_out: tuple[object, ...]
    n: int
    n_dropped: int

    def plot(self, ax: Axes | None = None, *, labels: Labels | None = None) -> Axes:
        """Draw a forest: each site's effect, the mean effect and the prediction interval.

        More than 80 sites have no names, and stand in order of their effects.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        labels : mapping, optional
            Site to what to show.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from cpeval.plots.forest import forest

        xlabel = f"Coefficient of {self.term} on {self.outcome}"
        return forest(self.table, self.pooled, ax=ax, labels=labels, xlabel=xlabel)


def heterogeneity(moments: SiteMoments, term: str, *, level: float = 0.95) -> Heterogeneity:
    r"""Estimate a term's effect in each site on its own, and pool the effects.

    Parameters
    ----------
    moments : SiteMoments
        From `SiteMoments.from_data`.
    term : str
        A term of the model, such as ``"arm[T.CP]"``, that varies within sites.
    level : float, default 0.95
        Coverage of all intervals.

    Returns
    -------
    Heterogeneity
        Sites where the term doesn't vary beyond the others, or where no error is left (too few
        rows, a perfect fit), are left out, and named in ``left_out`` and ``warnings``.

    Raises
    ------
    OptionError
        The term isn't there, or is the intercept.
    LevelError
        ``level`` is not between 0 and 1.
    TooFewError
        Fewer than two sites have an effect of their own.

    Notes
    -----
    Each site has a regression to itself: its own coefficients and its own residual variance, and
    errors that treat its people as independent: where its teams differ these are too small. Then

    .. math:: \hat\theta_g \sim N(\theta, \tau^2 + s_g^2), \quad
              w_g = 1 / (\hat\tau^2 + s_g^2)

    with :math:`\tau^2` by REML, the error of the mean after Hartung and Knapp on k - 1 degrees
    of freedom [1]_, and the prediction interval
    :math:`\hat\theta \pm t_{k-1} \sqrt{\hat\tau^2 + s^2}` [2]_ [3]_.

    References
    ----------
    .. [1] Hartung & Knapp (2001). Statistics in Medicine, 20, 3875-3889.
    .. [2] Higgins, Thompson & Spiegelhalter (2009). Journal of the Royal Statistical Society A,
           172, 137-159.
    .. [3] IntHout, Ioannidis, Rovers & Goeman (2016). BMJ Open, 6, e010247.

    Examples
    --------
    >>> data = pd.DataFrame({"trust": list("AAAABBBBCCCCDD"), "new": [0, 0, 1, 1] * 3 + [1, 1],
    ...                      "y": [3.0, 4, 5, 7, 6, 8, 9, 9, 2, 6, 4, 5, 7, 8]})
    >>> moments = SiteMoments.from_data(data, "y ~ new", site="trust")
    >>> found = heterogeneity(moments, "new")
    >>> found.table[["site", "estimate", "se", "df", "n"]].round(3)
      site  estimate     se   df  n
    0    A       2.5  1.118  2.0  4
    1    B       2.0  1.000  2.0  4
    2    C       0.5  2.062  2.0  4
    >>> found.left_out, found.tau2
    (('D',), 0.0)
    """
    require_level(level)
    prepared = prepare(moments, "site")
    which = prepared.place(term)
    if term == "Intercept":
        raise OptionError(
            "'Intercept' is no effect. Take a term that varies within sites; cp.sites.caterpillar "
            "compares the sites' means."
        )
    blocks = prepared.blocks
    own = own_effects(blocks.blocks, blocks.counts, which)
    kept = np.flatnonzero(own.estimable)
    without = {blocks.labels[k] for k in np.flatnonzero(~own.estimable)}
    # Sites none of whose rows were complete have no block.
    names = [name for name in dict.fromkeys(moments.site) if name is not None]
    left_out = tuple(name for name in names if name in without or name not in blocks.labels)
    if kept.size < 2:
        raise TooFewError(
            f"{term!r} has a coefficient of its own in {kept.size} of {len(names)} sites, and it "
            "takes two to compare. "
            + (f"None in {listed(left_out)}: it" if left_out else "It")
            + " must vary within a site beyond the other terms, with an error left to judge it by: "
            "several people, whose outcomes differ."
        )
    estimate, se, df = own.estimate[kept], own.se[kept], own.df[kept]
    found = pool_effects(estimate, se, level=level)
    half = stats.t.isf((1 - level) / 2, df) * se
    weight = 1 / (se**2 + found.tau2)
    table = pd.DataFrame(
        {
            "site": [blocks.labels[k] for k in kept],
            "estimate": estimate,
            "se": se,
            "df": df,
            "ci_low": estimate - half,
            "ci_high": estimate + half,
            "weight": weight / weight.sum(),
            "n": blocks.counts[kept],
        }
    )
    return Heterogeneity(
        table=table,
        note=(
            f"Coefficient of {term} in each site by itself ({prepared.formula}). Their mean "
            f"{found.estimate:.4g} ({found.ci_low:.4g} to {found.ci_high:.4g}), REML with Hartung "
            f"& Knapp's (2001) error on {found.df} degrees of freedom; in another site "
            f"{found.prediction_low:.4g} to {found.prediction_high:.4g} is to be expected; tau2 "
            f"{found.tau2:.4g}, I2 {found.i2:.0%}; {level:.0%} intervals."
        ),
        warnings=(*prepared.warnings, *_worries(term, left_out, found)),
        pooled=_row(term, found),
        tau2=found.tau2,
        i2=found.i2,
        q=found.q,
        q_p=found.q_p,
        term=term,
        outcome=moments.outcome,
        left_out=left_out,
        n=int(blocks.counts[kept].sum()),
        n_dropped=prepared.n_dropped,
    )


def _row(term: str, found: Pooled) -> pd.DataFrame:
    row = {
        "term": term,
        "estimate": found.estimate,
        "se": found.se,
        "df": found.df,
        "statistic": found.statistic,
        "p": found.p,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "prediction_low": found.prediction_low,
        "prediction_high": found.prediction_high,
        "n": found.k,
    }
    return pd.DataFrame([row])


def _worries(term: str, left_out: tuple[object, ...], found: Pooled) -> list[str]:
    worries = []
    if left_out:
        worries.append(
            f"Left out, without a coefficient of their own: {listed(left_out)}. {term!r} doesn't "
            "vary there beyond the other terms, or no error is left to judge it by."
        )
    if found.k < _FEW_SITES:
        nothing = " That it is estimated as 0 doesn't show that sites are alike."
        worries.append(
            f"From {found.k} sites the variance between them is hardly known."
            f"{nothing if found.tau2 == 0 else ''}"
        )
    if not found.se > 0:
        worries.append("All sites give the same coefficient: there is no error to test it by.")
    return worries
