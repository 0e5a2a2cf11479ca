"""Clusters with a mean each and one arm, checked: what tests on means of clusters need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.errors import DataError, OptionError, TooFewError, did_you_mean, listed, require_option
from cpeval.moments.cluster_means import (
    adjusted_means,
    means_adjusted_within,
    stratified,
    unmatched,
)
from cpeval.moments.coding import INTERCEPT
from cpeval.moments.least_squares import independent_terms
from cpeval.moments.origin import Blocks
from cpeval.moments.site_moments import SiteMoments
from cpeval.sites.prepared import Prepared, prepare

Floats = NDArray[np.float64]

#: What rounding may leave of a mean that is 0 or 1, or of a spread within a cluster.
_ROUNDING = 1e-9


#: How far two ways of adjusting may lie apart, in standard errors, before a warning.
_PULLED = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class ClusterArms:
    """G clusters, the arm of each, and their means.

    Attributes
    ----------
    term : str
        The arm.
    cluster : str
        What a cluster is.
    within : str or None
        What a stratum is.
    n, n_dropped : int
        Rows, and rows left out for missing values.
    outcome : str
        The outcome, or the model.
    zero_or_one : bool
        Whether the outcome is 0 or 1 throughout.
    means : pandas.DataFrame
        site, team (where clusters are teams), treated, estimate (the adjusted mean), mean, n.
    adjusted : array, shape (G,)
    arm : array of int, shape (G,)
    strata : array of int, shape (G,), or None
    covariates : tuple of str
        Terms that were adjusted for.
    df_lost : int
        Degrees of freedom that covariates of clusters take.
    balanced : bool
        Whether all clusters are of one size, and nothing is adjusted for.
    warnings : tuple of str
    """

    term: str
    cluster: str
    within: str | None
    n: int
    n_dropped: int
    outcome: str
    zero_or_one: bool
    means: pd.DataFrame
    adjusted: Floats
    arm: NDArray[np.int64]
    strata: NDArray[np.intp] | None
    covariates: tuple[str, ...]
    df_lost: int
    balanced: bool
    warnings: tuple[str, ...]


def cluster_arms(
    moments: SiteMoments,
    term: str,
    *,
    cluster: str,
    strata: str | None,
    covariates: Sequence[str] | str | None,
    slopes: str = "strata",
) -> ClusterArms:
    """Check that each cluster is in one arm, and take their means.

    Parameters
    ----------
    moments : SiteMoments
    term : str
        1 for people in the programme, 0 for the others.
    cluster : {"site", "team"}
    strata : {"site", None}
    covariates : sequence of str, or None
        None stands for all terms but the arm and its interactions.
    slopes : {"strata", "within"}
        Where the covariates' slopes come from: people of a stratum, or of a cluster.

    Raises
    ------
    OptionError
        An option isn't known or can't be; a term isn't there; there is no intercept.
    DataError
        The term isn't 0 or 1, or varies within clusters.
    TooFewError
        Only one arm is there, or no stratum holds both.
    """
    require_option("cluster", cluster, ("site", "team"))
    require_option("strata", strata, ("site", None))
    if cluster == strata:
        raise OptionError(
            "Each site is a cluster, so sites can't be strata too: take strata=None, or "
            "cluster='team'."
        )
    prepared = prepare(moments, cluster)
    which = prepared.place(term)
    if not moments.intercept:
        raise OptionError(
            f"Means need a model with an intercept: {prepared.formula!r} has none. "
            "Take the 0 or -1 out of the formula."
        )
    blocks = prepared.blocks
    weight, arm = blocks.blocks[:, 0, 0], _arms(blocks, which, term)
    codes = blocks.group if strata == "site" else None
    wanted, warnings = _covariates(prepared, which, covariates)
    require_option("slopes", slopes, ("strata", "within"))
    ways = {
        "strata": adjusted_means(blocks.blocks, weight, covariates=wanted, strata=codes),
        "within": means_adjusted_within(blocks.blocks, weight, covariates=wanted, strata=codes),
    }
    adjusted = ways[slopes]
    lost, lone = _df_lost(blocks, wanted, codes), _lone_strata(blocks, arm, codes)
    if lone:
        warnings.append(
            f"Sites with one arm only: {listed(lone)}. They say nothing of the difference."
        )
    if slopes == "strata":
        warnings += _pulled(ways, arm, codes)
    shown: dict[str, object] = {"site": [blocks.sites[g] for g in blocks.group]}
    if cluster == "team":
        shown["team"] = list(blocks.labels)
    shown |= {
        "treated": arm,
        "estimate": adjusted + blocks.origin.y,
        "mean": blocks.blocks[:, 0, -1] / weight + blocks.origin.y,
        "n": blocks.counts,
    }
    return ClusterArms(
        term=term,
        cluster=cluster,
        within=strata,
        n=prepared.n,
        n_dropped=prepared.n_dropped,
        outcome=prepared.formula,
        zero_or_one=prepared.zero_or_one,
        means=pd.DataFrame(shown),
        adjusted=adjusted,
        arm=arm,
        strata=codes,
        covariates=tuple(prepared.terms[k] for k in wanted),
        df_lost=lost,
        balanced=not wanted and bool(np.ptp(weight) <= _ROUNDING * weight.max()),
        warnings=(*prepared.warnings, *warnings),
    )


def _pulled(
    ways: dict[str, Floats], arm: NDArray[np.int64], codes: NDArray[np.intp] | None
) -> list[str]:
    """Say so where arms that differ in a covariate bend its slope."""
    found = {
        name: unmatched(means, arm) if codes is None else stratified(means, arm, codes)
        for name, means in ways.items()
    }
    strata, within = found["strata"], found["within"]
    if not abs(strata.estimate - within.estimate) > _PULLED * within.se:
        return []
    return [
        "The arms differ in the covariates, and slopes that don't know the arms take part of that "
        f"difference for theirs: the estimate is {strata.estimate:.4g}, and {within.estimate:.4g} "
        "by slopes within clusters (slopes='within')."
    ]


def _arms(blocks: Blocks, which: int, term: str) -> NDArray[np.int64]:
    """Return each cluster's arm, 0 or 1."""
    weight, sums = blocks.blocks[:, 0, 0], blocks.blocks[:, 0, which]
    mean = sums / weight + blocks.origin.x[which]
    spread = blocks.blocks[:, which, which] / weight - (sums / weight) ** 2
    mixed = np.flatnonzero(spread > _ROUNDING)
    if mixed.size:
        names = ", ".join(map(blocks.name, map(int, mixed[:5])))
        finer = " or cluster='team'" if blocks.by == "site" else ""
        raise DataError(
            f"{term!r} varies within {mixed.size} {blocks.by}s: {names}"
            f"{' and others' if mixed.size > 5 else ''}. Means of clusters compare arms that whole "
            f"clusters are in; take cp.sites.linear{finer}."
        )
    arm: Floats = np.rint(mean)
    wrong = np.flatnonzero((np.abs(mean - arm) > _ROUNDING) | ~np.isin(arm, (0, 1)))
    if wrong.size:
        raise DataError(
            f"{term!r} should be 1 for the programme and 0 for the others, or a dummy of two arms. "
            f"It is {mean[wrong[0]]:.6g} in {blocks.by} {blocks.name(int(wrong[0]))}."
        )
    return arm.astype(np.int64)


def _covariates(
    prepared: Prepared, which: int, given: Sequence[str] | str | None
) -> tuple[list[int], list[str]]:
    """Return the places of covariates, and what to say of interactions that are left out."""
    terms, parts = prepared.terms, prepared.parts
    term, part = terms[which], parts[which]
    same = [name for k, name in enumerate(terms) if parts[k] == part and k != which]
    if same:
        raise OptionError(
            f"{part!r} has more than two arms: beside {term!r} there is {listed(same)}. Means of "
            "clusters compare two: make moments of the people of two arms."
        )
    own = [
        k
        for k in range(len(terms))
        if k == which or term in terms[k].split(":") or part in parts[k].split(":")
    ]
    if given is None:
        left = [terms[k] for k in own if k != which]
        said = [f"Not adjusted for {listed(left)}, which depend on the arm."] if left else []
        others = [k for k in range(len(terms)) if k not in own and terms[k] != INTERCEPT]
        return others, said
    named = [given] if isinstance(given, str) else list(given)
    absent = [name for name in named if name not in (*terms, *parts, *prepared.dropped_terms)]
    if absent:
        hints = ", ".join(f"{name!r}{did_you_mean(name, terms)}" for name in absent)
        raise OptionError(
            f"There are no terms {hints} to adjust for. Terms there: {listed(terms)}."
        )
    chosen = [k for k in range(len(terms)) if terms[k] in named or parts[k] in named]
    bad = [terms[k] for k in chosen if k in own or terms[k] == INTERCEPT]
    if bad:
        raise OptionError(
            f"Covariates can't be the arm, what depends on it, or the intercept: {listed(bad)}."
        )
    return chosen, []


def _df_lost(blocks: Blocks, covariates: list[int], strata: NDArray[np.intp] | None) -> int:
    """Count covariates that vary between clusters of a stratum, and not within clusters."""
    if not covariates:
        return 0
    group = np.zeros(len(blocks.labels), np.intp) if strata is None else strata
    # As in `adjusted_means`: what rounding leaves of a covariate that is constant there.
    floor = 1e-14 * np.diag(blocks.blocks.sum(axis=0))[covariates]
    ranks = []
    for codes in (group, np.arange(len(blocks.labels))):
        pooled = np.zeros((codes.max() + 1, *blocks.blocks.shape[1:]))
        np.add.at(pooled, codes, blocks.blocks)
        sums = pooled[:, 0]
        inside = (pooled - sums[:, :, None] * sums[:, None] / sums[:, :1, None]).sum(axis=0)
        ranks.append(independent_terms(inside[np.ix_(covariates, covariates)], floor=floor).size)
    return ranks[0] - ranks[1]


def _lone_strata(
    blocks: Blocks, arm: NDArray[np.int64], strata: NDArray[np.intp] | None
) -> list[object]:
    """Return the sites with one arm only; raise where no comparison is possible."""
    if np.ptp(arm) == 0:
        raise TooFewError(f"All {blocks.by}s are in one arm: there is nothing to compare.")
    if strata is None:
        return []
    size = np.bincount(strata)
    treated = np.bincount(strata, weights=arm)
    lone = (treated == 0) | (treated == size)
    if lone.all():
        raise TooFewError(
            "No site has teams of both arms: the arm differs between sites. Take strata=None, "
            "and cluster='site' if sites were what got the arm."
        )
    return [blocks.sites[k] for k in np.flatnonzero(lone)]
