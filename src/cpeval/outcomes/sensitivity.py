"""The other analyses of a comparison, which show how much hangs on the primary one's choices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cpeval.errors import CpevalError, DataError, TooFewError
from cpeval.moments.cluster_permutation import spread
from cpeval.moments.from_arrays import moments_of_arrays
from cpeval.moments.site_moments import SiteMoments
from cpeval.outcomes.estimates import Estimate
from cpeval.outcomes.primary import by_people, by_units, row_of, step_on_units, unit_blocks
from cpeval.people.analysed import Analysed
from cpeval.people.design import Design
from cpeval.people.units import Units, many
from cpeval.sites.gee import EstimatingEquations, gee
from cpeval.sites.heterogeneity import Heterogeneity, heterogeneity
from cpeval.sites.icc import ClusterCorrelation, icc
from cpeval.sites.linear import linear
from cpeval.sites.mixed import mixed
from cpeval.sites.permutation import exchanged
from cpeval.sites.study_arms import arms_of_units
from cpeval.sites.wild_bootstrap import wild_bootstrap

#: The arm's term in the moments, whatever the study calls it.
ARM = "arm"

#: Up to so many sites are left out in turn.
_MOST_LEFT_OUT = 300

_WITHOUT = "without covariates"
_CHANGE = "change scores"


@dataclass(frozen=True, kw_only=True, eq=False)
class Sensitivity:
    """What stands beside the primary analysis; nothing, by default."""

    rows: tuple[Estimate, ...] = ()
    warnings: tuple[str, ...] = ()
    icc: ClusterCorrelation | None = None
    heterogeneity: Heterogeneity | None = None
    leave_one_out: pd.DataFrame | None = None
    odds: EstimatingEquations | None = None


def of_people(used: Analysed, vcov: str, level: float) -> Sensitivity:
    """Repeat the analysis of independent people with less, and of change scores."""
    rows = [
        replace(by_people(other, vcov, level).row, analysis=name) for name, other in _models(used)
    ]
    return Sensitivity(rows=tuple(rows))


def of_units(
    used: Analysed, units: Units, level: float, seed: int | np.random.Generator | None
) -> Sensitivity:
    """Repeat the analysis of units in other ways, and look at what lies behind it."""
    rows = [
        replace(by_units(other, units, level).row, analysis=name) for name, other in _models(used)
    ]
    if min(units.per_arm) < 2:
        # No analysis can tell the arms from that one unit, so none may look as if it did.
        return Sensitivity(rows=tuple(rows))
    moments = places_moments(used, units)
    warnings: list[str] = []

    def add(analyse: Callable[[], Estimate]) -> None:
        """Add an analysis; one that so few units can't bear is named instead."""
        try:
            rows.append(analyse())
        except (TooFewError, DataError) as problem:
            warnings.append(f"one is missing. {problem}")

    add(lambda: _robust(moments, units, level))
    add(lambda: _mixed(moments, units, level, warnings))
    add(lambda: _bootstrapped(moments, units, level, seed))
    add(lambda: _exchanged(used, units, level, seed, warnings))
    try:
        alike = icc(moments, level=level)
    except CpevalError:
        alike = None
    try:
        own = heterogeneity(moments, ARM, level=level) if units.paired.size else None
    except CpevalError:
        own = None
    return Sensitivity(
        rows=tuple(rows),
        warnings=tuple(warnings),
        icc=alike,
        heterogeneity=own,
        leave_one_out=_left_out(used, units, level),
        odds=_odds(used, units, level),
    )


def _odds(used: Analysed, units: Units, level: float) -> EstimatingEquations | None:
    """Fit log odds of an outcome of 0 and 1 over places; None where that can't be."""
    if not np.isin(used.after, (0.0, 1.0)).all():
        return None
    names = ["outcome", ARM, *(f"x{k}" for k in range(2, used.design.x.shape[1]))]
    table = pd.DataFrame(np.column_stack([used.after, used.design.x[:, 1:]]), columns=names)
    code = units.place_of_people if units.stratum is None else units.stratum[units.code]
    try:
        return gee(
            table.assign(place=code), f"outcome ~ {' + '.join(names[1:])}", site="place",
            level=level,
        )  # fmt: skip
    except CpevalError:
        return None


def places_moments(used: Analysed, units: Units) -> SiteMoments:
    """Make moments by site and team where arms are compared within sites, else by place."""
    terms = [ARM, *(f"x{k}" for k in range(2, used.design.x.shape[1]))]
    teams = units.places.labels if units.role == "team" and units.strata is not None else None
    sites = (
        units.places.labels
        if units.strata is None or units.stratum is None or teams is None
        else [units.strata.labels[k] for k in units.stratum.tolist()]
    )
    return moments_of_arrays(
        used.after,
        used.design.x,
        outcome="outcome",
        terms=terms,
        unit=units.place_of_people,
        site=sites,
        team=teams,
    )


def _models(used: Analysed) -> Iterator[tuple[str, Analysed]]:
    """Yield the same people with the arm alone, and with the change as the outcome."""
    x, terms = used.design.x, used.design.terms
    if len(terms) > 2:
        yield _WITHOUT, replace(used, design=Design(x=x[:, :2], terms=terms[:2]), adjusted=())
    if used.adjusted_for_baseline:
        rest = [k for k in range(len(terms)) if k != 2]
        design = Design(x=x[:, rest], terms=tuple(terms[k] for k in rest))
        change = used.after - used.before
        if np.ptp(change) > 0:
            yield _CHANGE, replace(used, after=change, design=design)


def _robust(moments: SiteMoments, units: Units, level: float) -> Estimate:
    found = linear(moments, vcov="CR2", cluster="site", level=level)
    return _of_table(
        found.table,
        analysis="cluster-robust regression",
        method=f"least squares, CR2 errors by {units.level}, Satterthwaite's degrees of freedom",
    )


def _mixed(moments: SiteMoments, units: Units, level: float, warnings: list[str]) -> Estimate:
    factors = ("site", "team") if moments.team_column else ("site",)
    found = mixed(moments, random=factors, level=level)
    boundary = [
        f"{many(word)}"
        for word, zero in zip((units.level, "team"), found.fit.at_boundary, strict=False)
        if zero
    ]
    if boundary:
        warnings.append(
            f"the mixed model puts the variance between {' and '.join(boundary)} at zero, which "
            "doesn't show that there is none; its p may then be too small."
        )
    words = " and ".join((f"{units.level}s", "teams")[: len(factors)])
    return _of_table(
        found.table,
        analysis="mixed model",
        method=f"REML, random intercepts of {words}, Kenward and Roger's degrees of freedom",
    )


def _bootstrapped(
    moments: SiteMoments, units: Units, level: float, seed: int | np.random.Generator | None
) -> Estimate:
    found = wild_bootstrap(moments, ARM, weights="webb", level=level, seed=seed)
    row = found.table.iloc[0]
    return Estimate(
        analysis="wild bootstrap",
        method=f"wild cluster bootstrap (WCR) over {many(units.level)}, Webb's weights",
        estimate=row["estimate"],
        se=row["se"],
        statistic=row["statistic"],
        df=found.n_clusters - 1,
        p=row["p"],
        ci_low=row["ci_low"],
        ci_high=row["ci_high"],
    )


def _exchanged(
    used: Analysed,
    units: Units,
    level: float,
    seed: int | np.random.Generator | None,
    warnings: list[str],
) -> Estimate:
    arms = arms_of_units(used, units, "outcome")
    found = exchanged(replace(arms, warnings=()), level=level, seed=seed)
    row = found.table.iloc[0]
    se = spread(arms.adjusted, arms.arm, strata=arms.strata)
    if found.smallest_p > 1 - level:
        warnings.append(f"of the permutation. {found.warnings[0]}")
    strata = 1 if arms.strata is None else np.unique(arms.strata).size
    return Estimate(
        analysis="permutation",
        method=f"arms exchanged among {many(units.role)}"
        + (f" within {many(arms.within)}" if arms.within else ""),
        estimate=row["estimate"],
        se=se,
        statistic=row["estimate"] / se if se > 0 else np.nan,
        df=arms.arm.size - strata,
        p=row["p"],
        ci_low=row["ci_low"],
        ci_high=row["ci_high"],
    )


def _left_out(used: Analysed, units: Units, level: float) -> pd.DataFrame | None:
    """Repeat the primary analysis without each site (or team) in turn."""
    where, of_unit = (
        (units.places, units.place)
        if units.strata is None or units.stratum is None
        else (units.strata, units.stratum)
    )
    if not 2 < where.n <= _MOST_LEFT_OUT:
        return None
    rows, blocks = [], unit_blocks(used, units)
    for k in range(where.n):
        kept = of_unit != k
        if kept.any() and units.arm[kept].min() < units.arm[kept].max():
            found = row_of(step_on_units(blocks, units, level, kept), units)
            rows.append({where.role: where.labels[k], **found.numbers})
    return pd.DataFrame(rows) if rows else None


def _of_table(table: pd.DataFrame, *, analysis: str, method: str) -> Estimate:
    names = ("estimate", "se", "statistic", "df", "p", "ci_low", "ci_high")
    numbers = table.loc[table["term"] == ARM, list(names)].to_numpy(dtype=float)[0].tolist()
    return Estimate(analysis=analysis, method=method, **dict(zip(names, numbers, strict=True)))
