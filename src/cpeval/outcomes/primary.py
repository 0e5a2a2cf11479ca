"""The primary analysis of a comparison: independent people, or the means of units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cpeval.errors import listed
from cpeval.moments.compared_rows import Kind
from cpeval.moments.from_arrays import moments_of_arrays
from cpeval.moments.origin import Blocks
from cpeval.moments.two_step import TwoStep, two_step
from cpeval.outcomes.estimates import Estimate
from cpeval.outcomes.regression import Fit, least_squares
from cpeval.people.analysed import Analysed
from cpeval.people.pairing import Flags
from cpeval.people.units import Units, many
from cpeval.sites.study_arms import unit_table

_REGRESSION = {
    "classical": "least squares, errors that take the spread as equal everywhere",
    "HC3": "least squares, HC3 errors (MacKinnon & White, 1985)",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Primary:
    """An estimate with what lies behind it; see `cpeval.outcomes.comparison.Comparison`."""

    row: Estimate
    coefficients: pd.DataFrame
    units: pd.DataFrame | None = None
    differences: pd.DataFrame | None = None
    warnings: tuple[str, ...] = ()
    #: People whose units say something of the difference; None is everyone.
    used: Flags | None = None
    n_units: int | None = None
    #: What of the units was compared; None in a regression.
    comparison: Kind | None = None


def by_people(
    used: Analysed, vcov: str, level: float, clusters: NDArray[np.intp] | None = None
) -> Primary:
    """Regress people's outcomes on the arm, the baseline score and covariates."""
    fit = least_squares(used.after, used.design.x, vcov=vcov, level=level, clusters=clusters)
    if used.arm_by_cluster and min(used.clusters_per_arm) < 2:
        fit = fit.without_errors()
    method = _REGRESSION.get(vcov, f"least squares, {vcov} errors")
    if clusters is not None and used.clusters is not None:
        n = np.unique(clusters).size
        method = f"least squares, errors robust to clusters ({vcov}) by {used.clusters.role}, {n}"
        method += " of them"
    return Primary(
        row=Estimate(
            analysis="primary",
            method=method,
            estimate=fit.estimate[1],
            se=fit.se[1],
            statistic=fit.statistic[1],
            df=fit.df,
            p=fit.p[1],
            ci_low=fit.ci_low[1],
            ci_high=fit.ci_high[1],
        ),
        coefficients=_coefficients(fit, used.design.terms),
    )


def by_units(used: Analysed, units: Units, level: float) -> Primary:
    """Compare the means of units, adjusted by slopes within them."""
    blocks = unit_blocks(used, units)
    found = step_on_units(blocks, units, level)
    y = blocks.origin.y
    means = unit_table(used, units).assign(
        group=[used.groups[code] for code in units.arm.tolist()],
        n=blocks.counts,
        mean=blocks.blocks[:, 0, -1] / blocks.counts + y,
        adjusted=found.means + y,
        used=found.used,
    )
    row = row_of(found, units)
    return Primary(
        row=row,
        coefficients=_with_slopes(row, found, used.design.terms, level),
        units=means,
        differences=_differences(found, units),
        warnings=_costly(found, units, used.design.terms),
        used=found.used[units.code],
        n_units=np.unique(units.place[found.used]).size,
        comparison=found.comparison,
    )


def _costly(found: TwoStep, units: Units, terms: tuple[str, ...]) -> tuple[str, ...]:
    """Name covariates of units, which take degrees of freedom where they are few."""
    if not found.between:
        return ()
    return (
        f"Covariates that are the same for all of a {units.places.role}: "
        f"{listed(terms[k] for k in found.between)}. They take {len(found.between)} of the few "
        "degrees of freedom.",
    )


def unit_blocks(used: Analysed, units: Units) -> Blocks:
    """Return the cross-products of each unit, about the grand means."""
    return moments_of_arrays(
        used.after,
        used.design.x,
        outcome="outcome",
        terms=used.design.terms[1:],
        unit=units.code,
        site=range(units.arm.size),
    ).blocks("site")


def step_on_units(
    blocks: Blocks,
    units: Units,
    level: float,
    kept: NDArray[np.bool_] | None = None,
    comparison: Kind | None = None,
) -> TwoStep:
    """Compare units, or those that are kept, by the rule for their design or as told."""
    which = np.arange(units.arm.size) if kept is None else np.flatnonzero(kept)
    return two_step(
        blocks.blocks[which],
        blocks.counts[which],
        units.arm[which],
        site=None if units.stratum is None else units.stratum[which],
        covariates=range(2, len(blocks.terms)),
        comparison=comparison,
        level=level,
    )


def row_of(found: TwoStep, units: Units) -> Estimate:
    """Put a comparison of units into a row."""
    return Estimate(
        analysis="primary",
        method=_method(found, units),
        estimate=found.estimate,
        se=found.se,
        statistic=found.statistic,
        df=found.df,
        p=found.p,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
    )


def _method(found: TwoStep, units: Units) -> str:
    level, of_units = units.level, many(units.role)
    if found.comparison == "sites":
        return (
            f"each {level}'s own difference between its arms, averaged over {found.n_sites} "
            f"{many(level)}, every {level} counting once (Ibragimov & Müller, 2010)"
        )
    bounded = "Welch's t with bounded degrees of freedom (Ibragimov & Müller, 2016)"
    if found.comparison == "cells":
        return (
            f"means of {of_units}, each counting once, compared within {found.n_sites} "
            f"{many(level)}; {bounded}"
        )
    n = f"{found.n_treated} against {found.n_compared}"
    if found.comparison is None:
        return f"means of {of_units}, {n}, without an error"
    what = of_units if units.stratum is None else f"the arms of {many(level)}"
    return f"means of {what}, {n}, each counting once; {bounded}"


def _differences(found: TwoStep, units: Units) -> pd.DataFrame | None:
    """Return each site's own difference, where sites were compared within."""
    if units.strata is None or found.comparison not in ("sites", "cells"):
        return None
    labels = [units.strata.labels[int(k)] for k in found.sites]
    return pd.DataFrame({units.strata.role: labels, "estimate": found.differences})


def _with_slopes(
    row: Estimate, found: TwoStep, terms: tuple[str, ...], level: float
) -> pd.DataFrame:
    """Put the arm's row over those of the covariates, whose slopes come from within units."""
    estimate, df = found.slopes, found.df_slopes
    se = np.sqrt(np.maximum(np.diag(found.slopes_vcov), 0.0))
    se = np.where(se > 0, se, np.nan)
    statistic = estimate / se
    half = stats.t.isf((1 - level) / 2, df) * se
    slopes = pd.DataFrame(
        {
            "term": [terms[k] for k in found.within],
            "estimate": estimate,
            "se": se,
            "statistic": statistic,
            "df": df,
            "p": 2 * stats.t.sf(np.abs(statistic), df),
            "ci_low": estimate - half,
            "ci_high": estimate + half,
        }
    )
    arm = pd.DataFrame([{"term": terms[1], **row.numbers}])
    return pd.concat([arm, slopes], ignore_index=True) if len(slopes) else arm


def _coefficients(fit: Fit, terms: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "term": terms,
            "estimate": fit.estimate,
            "se": fit.se,
            "statistic": fit.statistic,
            "df": fit.df,
            "p": fit.p,
            "ci_low": fit.ci_low,
            "ci_high": fit.ci_high,
        }
    )
