"""What stands beside the primary analysis of a comparison: how much hangs on its choices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.errors import CpevalError
from cpeval.moments.compared_rows import Kind
from cpeval.moments.site_moments import SiteMoments
from cpeval.outcomes.cluster_analyses import ANALYSES, arm_term, log_odds
from cpeval.outcomes.estimates import Estimate
from cpeval.outcomes.primary import by_people, by_units, row_of, step_on_units, unit_blocks
from cpeval.people.analysed import Analysed
from cpeval.people.columns import redundant
from cpeval.people.design import Design
from cpeval.people.units import Units
from cpeval.sites.gee import EstimatingEquations
from cpeval.sites.heterogeneity import Heterogeneity, heterogeneity

#: The primary analysis, of other people or of another model.
Again: TypeAlias = Callable[[Analysed], Estimate]

#: Up to so many sites are left out in turn.
_MOST_LEFT_OUT = 300

_WITHOUT = "without covariates"
_CHANGE = "change scores"


@dataclass(frozen=True, kw_only=True, eq=False)
class Sensitivity:
    """What stands beside the primary analysis; nothing, by default."""

    rows: tuple[Estimate, ...] = ()
    warnings: tuple[str, ...] = ()
    heterogeneity: Heterogeneity | None = None
    leave_one_out: pd.DataFrame | None = None
    odds: EstimatingEquations | None = None


def of_people(used: Analysed, vcov: str, level: float) -> Sensitivity:
    """Repeat the analysis of independent people with less, and of change scores."""
    return Sensitivity(rows=_repeated(used, lambda other: by_people(other, vcov, level).row))


def of_units(
    used: Analysed,
    units: Units,
    moments: SiteMoments,
    level: float,
    seed: int | np.random.Generator | None,
    *,
    regression: str | None,
    comparison: Kind | None,
) -> Sensitivity:
    """Repeat the analysis of units in other ways, and look at what lies behind it.

    Parameters
    ----------
    used : Analysed
    units : Units
    moments : SiteMoments
        Of `places_moments`.
    level : float
    seed : int or numpy.random.Generator, optional
    regression : str or None
        The errors, where the primary analysis is a regression over people.
    comparison : str or None
        What of the units it compared otherwise: the same without each site in turn.
    """

    def again(other: Analysed) -> Estimate:
        if regression is not None:
            return by_people(other, regression, level, clusters=other.unit).row
        return by_units(other, units, level).row

    rows = list(_repeated(used, again))
    if min(units.per_arm) < 2:
        # No analysis can tell the arms from that one unit, so none may look as if it did.
        return Sensitivity(rows=tuple(rows))
    warnings: list[str] = []
    for name, analyse in ANALYSES.items():
        try:
            row, told = analyse(used, units, moments, level, seed)
        except CpevalError as problem:
            warnings.append(f"the {name} is missing. {problem}")
            continue
        rows.append(row)
        warnings += told
    own, odds = None, None
    if units.paired.size:
        try:
            own = heterogeneity(moments, arm_term(moments), level=level)
        except CpevalError as problem:
            warnings.append(f"each site's own result is missing. {problem}")
    if used.zero_or_one:
        try:
            odds = log_odds(used, units, moments.outcome, level)
        except CpevalError as problem:
            warnings.append(f"log odds are missing. {problem}")
    return Sensitivity(
        rows=tuple(rows),
        warnings=tuple(warnings),
        heterogeneity=own,
        leave_one_out=_left_out(
            used, units, level, comparison, again if regression is not None else None
        ),
        odds=odds,
    )


def _repeated(used: Analysed, again: Again) -> tuple[Estimate, ...]:
    """Repeat an analysis with the arm alone, and of change scores."""
    return tuple(replace(again(other), analysis=name) for name, other in _models(used))


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


def _left_out(
    used: Analysed, units: Units, level: float, comparison: Kind | None, again: Again | None
) -> pd.DataFrame | None:
    """Repeat the primary analysis without each site (or team) in turn.

    Of unit means that needs no more than their cross-products; ``again`` is another analysis.
    """
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
            if again is None:
                found = row_of(step_on_units(blocks, units, level, kept, comparison), units)
            else:
                rest = _some(used, kept[units.code])
                if redundant(rest.design.x, rest.design.terms) or rest.arm.size <= len(
                    rest.design.terms
                ):
                    continue  # the terms can't be told apart without it
                found = again(rest)
            rows.append({where.role: where.labels[k], **found.numbers})
    return pd.DataFrame(rows) if rows else None


def _some(used: Analysed, people: NDArray[np.bool_]) -> Analysed:
    """Keep some people."""
    design = replace(used.design, x=used.design.x[people])
    unit = None if used.unit is None else used.unit[people]
    return replace(
        used,
        arm=used.arm[people],
        before=used.before[people],
        after=used.after[people],
        rows=used.rows[people],
        design=design,
        unit=unit,
    )
