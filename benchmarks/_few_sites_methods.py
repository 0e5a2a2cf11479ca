"""The methods that the study of few sites compares: p of the hypothesis that is true."""

from __future__ import annotations

import numpy as np
from _few_sites_designs import Cell, Design, with_arm
from scipy import stats

from cpeval.errors import CpevalError
from cpeval.moments.arm_plan import layout, plan_of
from cpeval.moments.cluster_means import adjusted_means, stratified, unmatched
from cpeval.moments.cluster_permutation import permutation_test
from cpeval.moments.cluster_robust import classical, cluster_robust
from cpeval.moments.compared_rows import Kind, compared_rows
from cpeval.moments.contrasts import contrast_tests
from cpeval.moments.mixed_fit import fit_mixed
from cpeval.moments.two_step import Freedom, compare_means
from cpeval.moments.unit_slopes import unit_slopes
from cpeval.moments.whitening import whitened
from cpeval.moments.wild_bootstrap import wild_bootstrap

DRAWS = 999


def two_steps(blocks: np.ndarray, cell: Cell) -> dict[str, np.ndarray]:
    """Return p of each two-step comparison, shape (replicates,)."""
    design = layout(cell.design.arm, cell.design.site)
    within = np.arange(1, blocks.shape[-1] - 1)
    slopes = unit_slopes(blocks, cell.people.astype(np.int64), within)
    tried: dict[str, tuple[Kind, Freedom]] = {
        "arms, pooled t": ("pooled", "bounded"),
        "arms, Welch": ("arms", "welch"),
        "arms, bounded df": ("arms", "bounded"),
        "arms, least df": ("arms", "least"),
    }
    if design.both.any():
        tried = {
            "sites' differences": ("sites", "bounded"),
            "sites, pooled t": ("stratified", "bounded"),
        } | ({"units in sites, bounded df": ("cells", "bounded")} if cell.design.nested else {})
        if design.units[design.both].min() < 2:
            tried.pop("units in sites, bounded df", None)
        if not design.both.all():
            tried["arms, bounded df"] = ("arms", "bounded")
    chosen = plan_of(design).comparison
    assert chosen is not None
    found = {
        name: compare_means(slopes, compared_rows(design, kind), df=df).p
        for name, (kind, df) in tried.items()
    }
    name = next(name for name, how in tried.items() if how == (chosen, "bounded"))
    return {"cpeval's choice": found[name], **found}


def _by_site(blocks: np.ndarray, design: Design) -> np.ndarray:
    starts = np.flatnonzero(np.diff(design.site, prepend=-1))
    return np.add.reduceat(blocks, starts, axis=0)


def one_by_one(
    blocks: np.ndarray, cell: Cell, seed: int, *, models: bool = True
) -> dict[str, float]:
    """Return p of each method that takes one sample at a time, NaN where it has no answer.

    Mixed models are left out without ``models``: they take most of the time.
    """
    design, n, null = cell.design, cell.people.astype(np.int64), cell.effect
    arm, z = design.arm, with_arm(blocks, cell.design.arm)
    contrast = np.zeros(z.shape[-1] - 1)
    contrast[1] = 1.0
    found: dict[str, float] = {}

    # What got the arm: the team, or the site where it has one arm.
    merged = design.nested and not design.within
    units, people = (_by_site(z, design), _by_site(n, design)) if merged else (z, n)
    unit_arm = (units[:, 0, 1] / units[:, 0, 0]).round().astype(int)
    label = "site" if merged or not design.nested else "team"
    white = whitened(units, people)
    ordinary = classical(white, contrasts=contrast)
    found["OLS, people independent"] = _t(ordinary.estimate - null, ordinary.se, ordinary.df)
    at_sites = [("site", whitened(_by_site(z, design), _by_site(n, design)))]
    for by, one in [(label, white)] + (at_sites if design.within else []):
        robust = cluster_robust(one, kind="CR1S", contrasts=contrast)
        found[f"OLS, CR1S by {by}, t(G - 1)"] = _t(
            robust.estimate - null, robust.se, one.counts.size - 1
        )
        for kind in ("CR2", "CR3"):
            robust = cluster_robust(one, kind=kind, contrasts=contrast)
            found[f"OLS, {kind} by {by}"] = _t(robust.estimate - null, robust.se, robust.df)
    groups = {"random " + label: (units, people, None)} if models else {}
    if design.nested and models:
        groups["random site, team"] = (z, n, design.site)
    for name, (own, count, group) in groups.items():
        try:
            fit = fit_mixed(own, count, group=group)
        except CpevalError:
            fit = None
        for df in ("normal", "satterthwaite", "kenward-roger"):
            p = np.nan if fit is None else contrast_tests(fit, contrast, df=df, null=null).p[0]
            found[f"mixed, {name}, {df}"] = float(p)
    strata = design.site if design.within else None
    terms = range(2, z.shape[-1] - 1)
    means = adjusted_means(units, people, covariates=terms, strata=strata)
    if strata is None:
        found["cluster summaries (Hayes & Moulton)"] = unmatched(means, unit_arm, null=null).p
    else:
        found["cluster summaries (Hayes & Moulton)"] = stratified(means, arm, strata, null=null).p
        plain = adjusted_means(units, people, covariates=terms)
        found["cluster summaries, not stratified"] = unmatched(plain, arm, null=null).p
    test = permutation_test(
        means, unit_arm, strata=strata, null=null, draws=DRAWS, ci=False, seed=seed
    )
    found["permutation"] = test.p
    wild = wild_bootstrap(
        white, contrast, null=null, draws=DRAWS, weights="webb", ci=False, seed=seed
    )
    found[f"wild bootstrap, Webb, by {label}"] = wild.p
    return found


def _t(estimate: np.ndarray, se: np.ndarray, df: np.ndarray | float) -> float:
    return float(2 * stats.t.sf(abs(estimate[0] / se[0]), np.atleast_1d(df)[0]))
