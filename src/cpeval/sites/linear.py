"""`linear`: regression over sites with errors that stay honest when sites are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast, get_args

import numpy as np
import pandas as pd

from cpeval.errors import TooFewError, listed, require_level, require_option
from cpeval.moments.cluster_robust import Kind, classical, cluster_robust, joint_test
from cpeval.moments.coding import INTERCEPT
from cpeval.moments.site_moments import SiteMoments
from cpeval.moments.whitening import Whitened, whitened
from cpeval.result import Result
from cpeval.sites.inference import JointTest, f_test, joint, tidy
from cpeval.sites.prepared import Prepared, moved, prepare, to_the_data

#: What ``vcov`` may be.
VCOV = ("classical", *get_args(Kind))

#: Below so many degrees of freedom Satterthwaite's approximation is not to be relied upon.
_FEW_DF = 4

#: Squares about zero whose rounding is more than this share of what is left of them.
_DIGITS_LOST = 1e-6

#: In balanced designs they are whole numbers but for rounding.
_EXACT = 1e-6

_SOURCES = {
    "classical": "errors for people who are independent",
    "CR0": "cluster-robust errors without correction (Liang & Zeger, 1986)",
    "CR1": "cluster-robust errors times G / (G - 1)",
    "CR1S": "cluster-robust errors as Stata's",
    "CR2": "bias-reduced cluster-robust errors (Bell & McCaffrey, 2002)",
    "CR3": "cluster-robust errors about the jackknife",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Linear(Result):
    """What `linear` found.

    Attributes
    ----------
    table : pandas.DataFrame, shape (p, 8)
        term, estimate (in the outcome's units), se, df, statistic (t), p, ci_low, ci_high.
        NaN where a term has no error: see ``warnings``.
    vcov : pandas.DataFrame, shape (p, p)
        Covariance of the estimates.
    kind : str
        Which errors: "classical", "CR0" …
    cluster : str
        "site" or "team".
    n, n_clusters, n_dropped : int
        Rows used, clusters, rows left out for missing values.
    sigma : float
        Residual standard deviation.
    dropped_terms : tuple of str
        Terms that were constant or followed from others.
    whitened, prepared : Whitened, Prepared
        Arrays that `test` needs.
    """

    vcov: pd.DataFrame
    kind: str
    cluster: str
    n: int
    n_clusters: int
    n_dropped: int
    sigma: float
    dropped_terms: tuple[str, ...]
    whitened: Whitened = field(repr=False)
    prepared: Prepared = field(repr=False)

    def test(self, terms: Sequence[str] | str) -> JointTest:
        """Test that terms are zero, all at once.

        Parameters
        ----------
        terms : str or sequence of str
            Terms of the model, or of the formula: ``"C(region)"`` stands for all its dummies.

        Returns
        -------
        JointTest
            Hotelling's T-squared with Zhang's degrees of freedom (HTZ) for cluster-robust
            errors; F for classical ones.

        Raises
        ------
        OptionError
            A term isn't there, or none is named.
        """
        which = self.prepared.contrasts(terms)
        names = [self.prepared.terms[k] for k in which]
        if self.kind == "classical":
            estimate = self.table["estimate"].to_numpy()[which]
            square = self.vcov.to_numpy()[np.ix_(which, which)]
            df = float(self.whitened.fit.df)
            statistic, p = (
                f_test(estimate, square, df) if np.isfinite(square).all() else (np.nan, np.nan)
            )
            return joint(names, statistic, len(which), df, p, "F test.")
        contrasts = to_the_data(self.prepared)[which]
        null = np.zeros(len(which))
        if self.prepared.terms[0] == INTERCEPT and 0 in which:
            # About the origin of the moments the intercept is less by what y lost.
            null[which.index(0)] = -self.prepared.blocks.origin.y
        found = joint_test(self.whitened, contrasts, kind=cast(Kind, self.kind), null=null)
        note = f"HTZ test with {self.kind} (Pustejovsky & Tipton, 2018)."
        return joint(names, found.statistic, found.df_num, found.df_den, found.p, note)


def linear(
    moments: SiteMoments, *, vcov: str = "CR2", cluster: str = "site", level: float = 0.95
) -> Linear:
    r"""Fit a linear model by least squares, with errors that allow for clusters.

    Parameters
    ----------
    moments : SiteMoments
        From `SiteMoments.from_data`.
    vcov : {"CR2", "classical", "CR0", "CR1", "CR1S", "CR3"}
        How errors are computed. CR2 is made for few clusters; classical ones treat people as
        independent.
    cluster : {"site", "team"}
        Who belongs together. Take what got the arm: the team where teams of one site are in
        different arms.
    level : float, default 0.95
        Coverage of the intervals, which are t.

    Returns
    -------
    Linear

    Raises
    ------
    OptionError
        An option isn't known; there are no teams.
    LevelError
        ``level`` is not between 0 and 1.
    TooFewError
        One cluster only, or no more rows than terms.

    Notes
    -----
    .. math:: V = M \Big(\sum_g X_g' A_g e_g e_g' A_g' X_g\Big) M, \quad M = (X'X)^{-1}

    with :math:`A_g = (I - X_g M X_g')^{+1/2}` for CR2 [1]_ [2]_ and Satterthwaite's degrees of
    freedom under errors that are independent with one variance. Weights are precision weights:
    the model is least squares on rows times the root of their weight. An outcome of 0 and 1, or
    true and false, is a linear probability model: coefficients are differences of risk, and the
    robust errors allow for the variance that differs with the risk. Terms that are constant or
    follow from earlier ones are left out and named in ``warnings``.

    References
    ----------
    .. [1] Bell & McCaffrey (2002). Survey Methodology, 28(2), 169-181.
    .. [2] Pustejovsky & Tipton (2018). Journal of Business & Economic Statistics, 36(4), 672-683.

    Examples
    --------
    >>> data = pd.DataFrame({"trust": list("AABBCCDD"), "new": [0, 0, 0, 0, 1, 1, 1, 1],
    ...                      "y": [3.0, 4, 5, 5, 6, 8, 9, 7]})
    >>> moments = SiteMoments.from_data(data, "y ~ new", site="trust")
    >>> linear(moments).table[["term", "estimate", "se", "df"]].round(6)
            term  estimate        se   df
    0  Intercept      4.25  0.750000  1.0
    1        new      3.25  0.901388  2.0
    """
    require_option("vcov", vcov, VCOV)
    require_option("cluster", cluster, ("site", "team"))
    require_level(level)
    prepared = prepare(moments, cluster)
    clusters = len(prepared.blocks.labels)
    if clusters < 2 and vcov != "classical":
        raise TooFewError(
            f"One {cluster} only, {prepared.blocks.name(0)}: cluster-robust errors need "
            "two at least. vcov='classical' treats people as independent."
        )
    white = whitened(prepared.blocks.blocks, prepared.blocks.counts, floor=prepared.floor)
    contrasts = to_the_data(prepared)
    if vcov == "classical":
        found = classical(white, contrasts=contrasts)
    else:
        found = cluster_robust(white, kind=cast(Kind, vcov), contrasts=contrasts)
    estimate = found.estimate
    if moments.intercept:
        estimate = moved(estimate, prepared)
    table = tidy(prepared.terms, estimate, found.se, found.df, level)
    by = "" if vcov == "classical" else f", {clusters} {cluster}s as clusters"
    freedom = "n - p" if vcov == "classical" else "Satterthwaite"
    return Linear(
        table=table,
        note=(
            f"Least squares of {moments.formula}: {prepared.n:,} rows{by}; {_SOURCES[vcov]}, "
            f"t with {freedom} degrees of freedom; {level:.0%} intervals."
            + (
                f" {moments.outcome} is 0 or 1: estimates are differences of risk (linear "
                "probability model)."
                if prepared.zero_or_one
                else ""
            )
        ),
        warnings=(*prepared.warnings, *_worries(table, found.alone, prepared, white, cluster)),
        vcov=pd.DataFrame(found.vcov, index=prepared.terms, columns=prepared.terms),
        kind=vcov,
        cluster=cluster,
        n=prepared.n,
        n_clusters=clusters,
        n_dropped=prepared.n_dropped,
        sigma=float(np.sqrt(white.fit.sigma2)),
        dropped_terms=prepared.dropped_terms,
        whitened=white,
        prepared=prepared,
    )


def _worries(
    table: pd.DataFrame, alone: np.ndarray, prepared: Prepared, white: Whitened, cluster: str
) -> list[str]:
    without = prepared.terms[0] != INTERCEPT
    if white.fit.perfect:
        text = "The terms explain the outcome entirely: there are no errors to speak of."
        if without:
            text += (
                " Or so nearly, next to the outcome's distance from zero, that rounding hides the "
                "rest: a model without an intercept can't be taken about another origin."
            )
        return [text]
    found = []
    if without and np.finfo(float).eps * white.fit.tss > _DIGITS_LOST * white.fit.rss:
        found.append(
            "Without an intercept, columns so far from zero leave few digits of the residual "
            "variance: errors by cluster are known well, sigma and classical errors are not. "
            "Keep the intercept, or subtract what is common to outcome and terms."
        )
    names = np.array(prepared.terms)
    # Without a mean of its own an intercept far from the data hangs on all other terms.
    for k in map(int, np.flatnonzero(alone.any(axis=1))):
        needed = list(map(int, np.flatnonzero(alone[k])))
        which = ", ".join(prepared.blocks.name(g) for g in needed[:5])
        found.append(
            f"{str(names[k])!r} can't be known without {cluster} {which}"
            f"{' and others' if len(needed) > 5 else ''}: one cluster alone says nothing of the "
            "error."
        )
    same = table["se"].isna().to_numpy() & ~alone.any(axis=1)
    if same.any():
        found.append(
            f"No error for {listed(names[same])}: it would be zero, as every {cluster} gives the "
            "same estimate."
        )
    # An intercept's error is seldom what is asked for.
    few = (table["df"].to_numpy() < _FEW_DF - _EXACT) & ((names != "Intercept") | (len(names) == 1))
    if few.any():
        found.append(
            f"Fewer than {_FEW_DF} degrees of freedom for {listed(names[few])}: too few {cluster}s "
            "differ in it for p values and intervals to be relied upon."
        )
    return found
