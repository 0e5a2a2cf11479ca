"""`mixed`: sites (and teams in them) as random factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

import numpy as np
import pandas as pd

from cpeval.errors import (
    OptionError,
    TooFewError,
    did_you_mean,
    listed,
    require_level,
    require_option,
)
from cpeval.moments.coding import INTERCEPT
from cpeval.moments.contrasts import (
    DegreesOfFreedom,
    contrast_tests,
    fixed_covariance,
    joint_test,
)
from cpeval.moments.icc_interval import IccInterval, icc_interval
from cpeval.moments.mixed_fit import MixedFit, fit_mixed, random_columns
from cpeval.moments.predictions import predict_effects
from cpeval.moments.site_moments import SiteMoments
from cpeval.result import Result
from cpeval.sites.inference import JointTest, joint, tidy
from cpeval.sites.prepared import Prepared, prepare

#: What rounding leaves of a column that is constant within teams.
_CONSTANT = 1e-12

#: What ``random`` may be.
RANDOM = (("site",), ("site", "team"), ("team",))

#: Fewer groups than this say little of the variance between them.
_FEW_GROUPS = 10

_DF = {
    "kenward-roger": "Kenward-Roger degrees of freedom and errors (Kenward & Roger, 1997)",
    "satterthwaite": "Satterthwaite degrees of freedom (Giesbrecht & Burns, 1985)",
    "normal": "normal p values and intervals, too small with few groups",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Mixed(Result):
    """What `mixed` found.

    Attributes
    ----------
    table : pandas.DataFrame, shape (p, 8)
        Fixed effects: term, estimate (in the outcome's units), se, df, statistic (t), p, ci_low,
        ci_high.
    variances : pandas.DataFrame
        factor, variance (in squared units of the outcome), sd, term: "Intercept" or a slope. The
        residual is last.
    covariances : dict
        Factor to the covariance matrix of its effects (pandas.DataFrame).
    icc : pandas.Series or None
        Each factor's share of the variance; None with slopes, where it depends on them.
    loglik : float
        Log likelihood, restricted if ``method`` is "REML"; NaN with weights.
    vcov : pandas.DataFrame, shape (p, p)
        Covariance of the fixed effects; the adjusted one under Kenward-Roger.
    method, df_method : str
    n, n_dropped : int
        Rows used, and left out for missing values.
    n_groups : dict
        Factor to its number of groups.
    dropped_terms : tuple of str
        Terms that were constant or followed from others.
    random_terms : tuple of str
        The intercept and the terms with random slopes.
    fit, prepared : MixedFit, Prepared
        Arrays that `effects` and `test` need.
    """

    variances: pd.DataFrame
    covariances: dict[str, pd.DataFrame]
    icc: pd.Series | None
    loglik: float
    vcov: pd.DataFrame
    method: str
    df_method: str
    n: int
    n_dropped: int
    n_groups: dict[str, int]
    dropped_terms: tuple[str, ...]
    fit: MixedFit = field(repr=False)
    prepared: Prepared = field(repr=False)
    random_terms: tuple[str, ...]

    def effects(self) -> pd.DataFrame:
        """Predict the effect of each group (BLUP).

        Returns
        -------
        pandas.DataFrame
            factor, group (the data's label), estimate, se (given the variances and the fixed
            effects), se_prediction (fixed effects are estimated too), term, site.
        """
        blocks = self.prepared.blocks
        frames = []
        for effects in predict_effects(self.fit):
            at_site = effects.factor == "site"
            labels = list(blocks.sites if at_site else blocks.labels)
            sites = labels if at_site else [blocks.sites[g] for g in blocks.group]
            for k, term in enumerate(self.random_terms):
                frames.append(
                    pd.DataFrame(
                        {
                            "factor": effects.factor,
                            "group": labels,
                            "estimate": effects.estimate[:, k],
                            "se": effects.se[:, k],
                            "se_prediction": effects.se_prediction[:, k],
                            "term": term,
                            "site": sites,
                        }
                    )
                )
        return pd.concat(frames, ignore_index=True)

    def icc_interval(self, *, level: float = 0.95) -> IccInterval:
        """Return the exact interval of the intraclass correlation, as `icc` gives it.

        Parameters
        ----------
        level : float, default 0.95

        Returns
        -------
        IccInterval
            low, high, and Wald's test that groups don't differ: statistic (F), df_between,
            df_within, p.

        Raises
        ------
        OptionError
            There are two factors or random slopes, for which no exact interval is known.
        LevelError
            ``level`` is not between 0 and 1.
        """
        if len(self.n_groups) > 1 or len(self.random_terms) > 1:
            raise OptionError(
                "An exact interval is known for one factor without random slopes: "
                "cp.sites.icc(moments) takes sites and teams one at a time."
            )
        blocks = self.prepared.blocks
        return icc_interval(blocks.blocks, blocks.counts, level=level, floor=self.prepared.floor)

    def test(self, terms: Sequence[str] | str) -> JointTest:
        """Test that terms are zero, all at once, by the model's degrees of freedom.

        Parameters
        ----------
        terms : str or sequence of str
            Terms of the model, or of the formula: ``"C(region)"`` stands for all its dummies.

        Returns
        -------
        JointTest

        Raises
        ------
        OptionError
            A term isn't there, or none is named.
        TooFewError
            Kenward and Roger's approximation has no answer.
        """
        which = self.prepared.contrasts(terms)
        df = cast(DegreesOfFreedom, self.df_method)
        found = joint_test(self.fit, np.eye(len(self.prepared.terms))[which], df=df)
        names = [self.prepared.terms[k] for k in which]
        note = f"F test with {_DF[self.df_method]}."
        return joint(names, found.statistic, found.df_num, found.df_den, found.p, note)


def mixed(
    moments: SiteMoments,
    *,
    random: Sequence[str] | str = ("site",),
    slopes: Sequence[str] | str = (),
    method: Literal["REML", "ML"] = "REML",
    df: Literal["kenward-roger", "satterthwaite", "normal"] = "kenward-roger",
    level: float = 0.95,
) -> Mixed:
    r"""Fit a linear mixed model with random intercepts of sites, and teams in them.

    Parameters
    ----------
    moments : SiteMoments
        From `SiteMoments.from_data`, of a model with an intercept.
    random : {("site",), ("site", "team"), ("team",)}
        Factors whose groups differ at random. With ``("team",)`` sites may be among the terms,
        as strata.
    slopes : sequence of str, default ()
        Terms whose effect differs at random too, correlated with the intercept. One factor only.
    method : {"REML", "ML"}
    df : {"kenward-roger", "satterthwaite", "normal"}
        Degrees of freedom; Kenward-Roger adjusts the errors too, and needs REML.
    level : float, default 0.95
        Coverage of the intervals: t, or normal if ``df`` is.

    Returns
    -------
    Mixed

    Raises
    ------
    OptionError
        An option isn't known, there are no teams or no intercept, or a slope isn't among the terms.
    LevelError
        ``level`` is not between 0 and 1.
    TooFewError
        Too few rows or groups: one site, or one person in each.
    DataError
        The terms explain the outcome, or all differences between groups.

    Notes
    -----
    .. math:: y = X\beta + Zu + e, \quad u \sim N(0, D), \quad e \sim N(0, \sigma^2)

    The likelihood needs X'X, X'y and y'y of each group only, so the cost after the pass depends on
    groups and terms [1]_. Kenward-Roger errors and degrees of freedom are those of [2]_. A variance
    that is estimated as zero is named in ``warnings``.

    References
    ----------
    .. [1] Bates, Mächler, Bolker & Walker (2015). Journal of Statistical Software, 67(1).
    .. [2] Kenward & Roger (1997). Biometrics, 53(3), 983-997.

    Examples
    --------
    >>> data = pd.DataFrame({"trust": list("AABBCCDD"), "new": [0, 0, 0, 0, 1, 1, 1, 1],
    ...                      "y": [3.0, 4, 5, 5, 6, 8, 9, 7]})
    >>> moments = SiteMoments.from_data(data, "y ~ new", site="trust")
    >>> mixed(moments).table[["term", "estimate", "df"]].round(6)
            term  estimate   df
    0  Intercept      4.25  2.0
    1        new      3.25  2.0
    """
    factors = (random,) if isinstance(random, str) else tuple(random)
    require_option("random", factors, RANDOM)
    require_option("method", method, ("REML", "ML"))
    require_option("df", df, tuple(_DF))
    require_level(level)
    prepared = prepare(moments, "team" if "team" in factors else "site")
    if INTERCEPT not in prepared.terms:
        raise OptionError(
            "A mixed model needs an intercept: leave '- 1' or '+ 0' out of the formula."
        )
    wanted = (slopes,) if isinstance(slopes, str) else tuple(slopes)
    places = [_place(name, prepared) for name in wanted]
    if places and len(factors) > 1:
        raise OptionError(
            "Random slopes can be had with one factor: random=('site',) or ('team',)."
        )
    if len(prepared.blocks.labels) < 2:
        raise TooFewError(
            f"One {prepared.blocks.by} only, {prepared.blocks.name(0)}: the variance between "
            "them can't be estimated. It takes two at least, and many more to be estimated well."
        )
    if len(factors) > 1 and len(prepared.blocks.sites) < 2:
        raise TooFewError(
            f"One site only, {prepared.blocks.sites[0]!r}: the variance between sites can't be "
            "estimated. random=('team',) has that of its teams."
        )
    fit = _fitted(prepared, factors, places, method)
    found = contrast_tests(fit, df=df)
    terms = prepared.terms
    effects = (INTERCEPT, *(terms[k] for k in places))
    columns, effect_columns = pd.Index(terms), pd.Index(effects)
    weighted = moments.weights_column is not None
    freedom = "normal" if df == "normal" else "t"
    return Mixed(
        table=tidy(terms, found.estimate, found.se, found.df, level),
        note=(
            f"Mixed model of {moments.formula} by {method}, random intercepts of "
            f"{' and '.join(factors)}"
            + (f" and slopes of {', '.join(effects[1:])}" if places else "")
            + f": {prepared.n:,} rows, "
            + ", ".join(f"{n} {name}s" for n, name in zip(fit.n_groups, factors, strict=True))
            + f"; {_DF[df]}; {level:.0%} {freedom} intervals."
        ),
        warnings=(
            *prepared.warnings,
            *_worries(fit, factors, df, weighted=weighted),
            *_teams_ignored(moments, factors),
        ),
        variances=_variances(fit, effects),
        covariances={
            name: pd.DataFrame(matrix, index=effect_columns, columns=effect_columns)
            for name, matrix in zip(factors, fit.covariances, strict=True)
        },
        icc=None if fit.icc is None else pd.Series(fit.icc, index=list(factors), name="icc"),
        loglik=np.nan if weighted else fit.loglik,
        vcov=pd.DataFrame(fixed_covariance(fit, df=df), index=columns, columns=columns),
        method=method,
        df_method=df,
        n=prepared.n,
        n_dropped=prepared.n_dropped,
        n_groups=dict(zip(factors, fit.n_groups, strict=True)),
        dropped_terms=prepared.dropped_terms,
        fit=fit,
        prepared=prepared,
        random_terms=effects,
    )


def _place(slope: str, prepared: Prepared) -> int:
    if slope not in prepared.terms or slope == INTERCEPT:
        others = prepared.terms[1:]
        raise OptionError(
            f"There is no term {slope!r} for a random slope{did_you_mean(slope, others)}. "
            f"Terms there: {listed(others) or 'none'}."
        )
    return prepared.terms.index(slope)


def _fitted(
    prepared: Prepared, factors: tuple[str, ...], places: list[int], method: Literal["REML", "ML"]
) -> MixedFit:
    blocks = prepared.blocks
    origin = np.append(blocks.origin.x, blocks.origin.y)
    return fit_mixed(
        blocks.blocks,
        blocks.counts,
        group=blocks.group if len(factors) > 1 else None,
        random=random_columns(len(blocks.terms), slopes=places, origin=origin),
        method=method,
        origin=origin,
        factors=factors,
        terms=blocks.terms,
    )


def _variances(fit: MixedFit, effects: Sequence[str]) -> pd.DataFrame:
    by_factor = [np.diagonal(matrix) for matrix in fit.covariances]
    variance = np.append(np.concatenate(by_factor), fit.residual)
    factors = [name for name, own in zip(fit.factors, by_factor, strict=True) for _ in own]
    return pd.DataFrame(
        {
            "factor": [*factors, "residual"],
            "variance": variance,
            "sd": np.sqrt(np.maximum(variance, 0.0)),
            "term": [
                *(term for own in by_factor for term, _ in zip(effects, own, strict=True)),
                "",
            ],
        }
    )


def _teams_ignored(moments: SiteMoments, factors: tuple[str, ...]) -> list[str]:
    """Name terms that whole teams have, such as an arm, where teams are no factor."""
    if moments.team_column is None or "team" in factors:
        return []
    used = moments.n > 0
    within = np.einsum("uqq->q", moments.cross[used])
    blocks = moments.blocks("site").blocks
    sums = blocks[:, 0, 1:]
    in_sites = np.einsum("gqq->q", blocks[:, 1:, 1:]) - (sums**2 / blocks[:, :1, 0]).sum(axis=0)
    of_teams = (within <= _CONSTANT * in_sites) & (in_sites > 0)
    names = [name for name, found in zip(moments.columns[:-1], of_teams[:-1], strict=True) if found]
    if not names:
        return []
    return [
        f"Whole teams have {listed(names)}, and differences between teams are no part of this "
        "model: its p values are too small where teams differ. Take random=('site', 'team')."
    ]


def _worries(fit: MixedFit, factors: Sequence[str], df: str, *, weighted: bool) -> list[str]:
    found = []
    for name, boundary in zip(factors, fit.at_boundary, strict=True):
        if boundary:
            found.append(
                f"The variance between {name}s is estimated as zero (or effects as perfectly "
                "correlated). That doesn't show that there is none: p values may then be too "
                "small. Compare with linear(), and errors by cluster."
            )
    for name, groups in zip(factors, fit.n_groups, strict=True):
        if groups < _FEW_GROUPS:
            found.append(
                f"Only {groups} {name}s: the variance between them is known poorly"
                + (", and normal p values are too small." if df == "normal" else ".")
            )
    if weighted:
        found.append("With weights the log likelihood isn't known from moments.")
    return found
