"""The analyses over people that stand beside a comparison of units: those of `cpeval.sites`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pandas as pd

from cpeval.errors import DataError, TooFewError
from cpeval.moments.cluster_permutation import spread
from cpeval.moments.coding import INTERCEPT
from cpeval.moments.from_arrays import moments_of_arrays
from cpeval.moments.site_moments import SiteMoments
from cpeval.outcomes.estimates import Estimate
from cpeval.people.analysed import Analysed
from cpeval.people.units import Units, many
from cpeval.sites.gee import EstimatingEquations, gee
from cpeval.sites.linear import linear
from cpeval.sites.mixed import Mixed, mixed
from cpeval.sites.permutation import exchanged
from cpeval.sites.study_arms import arms_of_units
from cpeval.sites.wild_bootstrap import wild_bootstrap

Seed: TypeAlias = "int | np.random.Generator | None"

#: With fewer sites that hold both arms, teams are clusters, and sites terms of the model.
_FEWEST_SITES = 4

#: So many sites can be terms of the model.
_MOST_TERMS = 60

#: Fewer degrees of freedom than this are none: Kenward and Roger's method breaks down.
_LEAST_DF = 1.0


def places_moments(used: Analysed, units: Units, outcome: str) -> SiteMoments:
    """Make moments of the people analysed by site, and by team where the study has both.

    Where everyone is in one site, or the study names none, teams stand in the place of sites.
    """
    names = _term_names(used.design.terms[1:])
    site, team = used.site, used.team
    if site is None or site.n == 1 or team is None:
        place = units.places if team is None or site is None or site.n == 1 else site
        return moments_of_arrays(
            used.after,
            used.design.x,
            outcome=outcome,
            terms=names,
            unit=units.place_of_people,
            site=place.labels,
            site_column=place.role,
        )
    first = np.unique(team.code, return_index=True)[1]
    return moments_of_arrays(
        used.after,
        used.design.x,
        outcome=outcome,
        terms=names,
        unit=team.code,
        site=[site.labels[k] for k in site.code[first].tolist()],
        team=team.labels,
    )


def _term_names(terms: tuple[str, ...]) -> list[str]:
    """Keep the names that can't be taken for an interaction or the intercept."""
    return [
        f"x{k}" if ":" in name or name == INTERCEPT else name
        for k, name in enumerate(terms, start=1)
    ]


def arm_term(moments: SiteMoments) -> str:
    """Return the arm's term: the first after the intercept."""
    return moments.terms[1]


def _cluster(units: Units, moments: SiteMoments) -> tuple[str, bool]:
    """Return what a cluster is in the moments, and whether sites should be terms."""
    if moments.team_column is None:
        return "site", False
    few = units.role == "team" and units.paired.size < _FEWEST_SITES
    if few and 1 < len(moments.sites) <= _MOST_TERMS:
        return "team", True
    return ("team" if units.level == "team" else "site"), False


def _with_sites(used: Analysed, moments: SiteMoments) -> SiteMoments:
    """Add a term for each site but the first, so that arms are compared within sites."""
    site, team = used.site, used.team
    assert site is not None
    assert team is not None
    dummies = (site.code[:, np.newaxis] == np.arange(1, site.n)).astype(float)
    return moments_of_arrays(
        used.after,
        np.column_stack([used.design.x, dummies]),
        outcome=moments.outcome,
        terms=[*moments.terms[1:], *(f"site {k}" for k in range(1, site.n))],
        unit=team.code,
        site=moments.site,
        team=moments.team,
    )


def _robust(
    used: Analysed, units: Units, moments: SiteMoments, level: float, seed: Seed
) -> tuple[Estimate, list[str]]:
    del seed  # nothing is drawn
    cluster, sites = _cluster(units, moments)
    found = linear(
        _with_sites(used, moments) if sites else moments, vcov="CR2", cluster=cluster, level=level
    )
    word = cluster if moments.team_column else units.places.role
    return _of_table(
        found.table,
        arm_term(moments),
        analysis="cluster-robust regression",
        method=f"least squares, CR2 errors by {word}, Satterthwaite's degrees of freedom"
        + (", sites as terms" if sites else ""),
    ), []


def _mixed(
    used: Analysed, units: Units, moments: SiteMoments, level: float, seed: Seed
) -> tuple[Estimate, list[str]]:
    del used, seed  # moments have all, and nothing is drawn
    found, factors = _fitted(moments, level)
    words = dict(zip(("site", "team"), (moments.site_column, "team"), strict=True))
    told = []
    boundary = [
        f"{words[name]}s" for name, zero in zip(factors, found.fit.at_boundary, strict=True) if zero
    ]
    row = _of_table(
        found.table,
        arm_term(moments),
        analysis="mixed model",
        method=f"REML, random intercepts of {' and '.join(f'{words[name]}s' for name in factors)}, "
        "Kenward and Roger's degrees of freedom",
    )
    if row.df < _LEAST_DF:
        row = replace(row, p=np.nan, ci_low=np.nan, ci_high=np.nan)
        told.append(
            f"the mixed model has {row.df:.2g} degrees of freedom: Kenward and Roger's method "
            "breaks down here, so it gives no p value."
        )
    elif boundary:
        told.append(
            f"the mixed model puts the variance between {' and '.join(boundary)} at zero, which "
            "doesn't show that there is none; its p may then be too small."
        )
    return row, told


def _fitted(moments: SiteMoments, level: float) -> tuple[Mixed, tuple[str, ...]]:
    """Fit the model with all levels, or with as many as the data can tell apart."""
    choices: list[tuple[str, ...]] = [("site",)]
    if moments.team_column is not None:
        choices = [("site", "team"), ("team",), ("site",)]
    for k, factors in enumerate(choices):
        try:
            return mixed(moments, random=factors, level=level), factors
        except (TooFewError, DataError):
            if k == len(choices) - 1:
                raise
    raise AssertionError("There is always a choice.")


def _bootstrapped(
    used: Analysed, units: Units, moments: SiteMoments, level: float, seed: Seed
) -> tuple[Estimate, list[str]]:
    cluster, sites = _cluster(units, moments)
    found = wild_bootstrap(
        _with_sites(used, moments) if sites else moments,
        arm_term(moments),
        weights="webb",
        cluster=cluster,
        level=level,
        seed=seed,
    )
    row = found.table.iloc[0]
    word = cluster if moments.team_column else units.places.role
    told = []
    if row["p"] < 1 - level and row["ci_low"] < 0 < row["ci_high"]:
        told.append(
            "the wild bootstrap rejects no difference, and its interval, which goes from the "
            "lowest to the highest value not rejected, holds it all the same."
        )
    return Estimate(
        analysis="wild bootstrap",
        method=f"wild cluster bootstrap (WCR) over {many(word)}, Webb's weights"
        + (", sites as terms" if sites else ""),
        estimate=row["estimate"],
        se=row["se"],
        statistic=row["statistic"],
        df=found.n_clusters - 1,
        p=row["p"],
        ci_low=row["ci_low"],
        ci_high=row["ci_high"],
    ), told


def _exchanged(
    used: Analysed, units: Units, moments: SiteMoments, level: float, seed: Seed
) -> tuple[Estimate, list[str]]:
    arms = arms_of_units(used, units, moments.outcome)
    found = exchanged(replace(arms, warnings=()), level=level, seed=seed)
    row = found.table.iloc[0]
    se = spread(arms.adjusted, arms.arm, strata=arms.strata)
    told = []
    if found.smallest_p > 1 - level:
        pairs = units.paired.size
        what = (
            f"{pairs} pairs"
            if pairs and units.arm.size == 2 * pairs
            else f"{units.arm.size} {many(units.role)}"
        )
        told.append(
            f"the permutation can't give a p below {found.smallest_p:.4g} with {what}, whatever "
            "the data."
        )
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
    ), told


#: What each is called, and how it is done.
ANALYSES: Mapping[
    str,
    Callable[[Analysed, Units, SiteMoments, float, Seed], tuple[Estimate, list[str]]],
] = {
    "cluster-robust regression": _robust,
    "mixed model": _mixed,
    "wild bootstrap": _bootstrapped,
    "permutation": _exchanged,
}


def log_odds(used: Analysed, units: Units, outcome: str, level: float) -> EstimatingEquations:
    """Fit log odds of an outcome of 0 and 1 over places by GEE."""
    safe = ["y", *(f"x{k}" for k in range(1, used.design.x.shape[1]))]
    table = pd.DataFrame(np.column_stack([used.after, used.design.x[:, 1:]]), columns=safe)
    code = units.place_of_people if units.stratum is None else units.stratum[units.code]
    formula = f"y ~ {' + '.join(safe[1:])}"
    found = gee(table.assign(place=code), formula, site="place", level=level)
    names = dict(zip(safe[1:], used.design.terms[1:], strict=True))
    shown = f"{outcome} ~ {' + '.join(used.design.terms[1:])}"
    return replace(
        found,
        table=found.table.assign(term=found.table["term"].replace(names)),
        note=found.note.replace(formula, shown),
    )


def _of_table(table: pd.DataFrame, term: str, *, analysis: str, method: str) -> Estimate:
    names = ("estimate", "se", "statistic", "df", "p", "ci_low", "ci_high")
    numbers = table.loc[table["term"] == term, list(names)].to_numpy(dtype=float)[0].tolist()
    return Estimate(analysis=analysis, method=method, **dict(zip(names, numbers, strict=True)))
