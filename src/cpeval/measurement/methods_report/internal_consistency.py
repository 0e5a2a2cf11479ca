"""Internal consistency: alpha, omega and others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cpeval.measurement.consistency.reliability import Reliability, reliability
from cpeval.measurement.methods_report import criteria
from cpeval.measurement.methods_report.analyses import Analyses
from cpeval.measurement.methods_report.rounding import coefficient
from cpeval.measurement.methods_report.section import Finding, Section, rows_by
from cpeval.measurement.structure.dimensionality import Dimensions
from cpeval.result import Result

HEADING = "Internal consistency"
_TOLD = {
    "omega_total": "omega total",
    "lambda2": "Guttman's lambda 2",
    "mokken_ms": "Molenaar and Sijtsma's rho",
}


def internal_consistency(
    done: Analyses, frame: pd.DataFrame, *, missing: str, level: float
) -> Section:
    """Run the analysis of reliability, and tell of it."""
    found = done.run(
        "reliability",
        "Internal consistency",
        lambda: reliability(frame, missing=missing, level=level),
    )
    if found is None:
        return Section(heading=HEADING, text="", left_out=done.missing("reliability"))
    rows = rows_by(found.table, "coefficient")
    alpha = Finding.of("alpha", rows["alpha"], criterion=criteria.ALPHA)
    others = [
        other
        for name in _TOLD
        if name in rows and np.isfinite((other := Finding.of(name, rows[name])).estimate)
    ]
    lowest, told = _items(found)
    text = [
        *_alpha(alpha, level, done.results.get("dimensions")),
        *_others(others, level),
        *told,
    ]
    return Section(
        heading=HEADING,
        text=" ".join(text),
        results=("reliability",),
        findings=(alpha, *others, *lowest),
    )


def _alpha(alpha: Finding, level: float, dimensions: Result | None) -> list[str]:
    rule = criteria.ALPHA
    if alpha.meets is None:
        return ["Cronbach's alpha is not defined for these items."]
    met = "which meets" if alpha.meets else "which doesn't meet"
    said = [
        f"Cronbach's alpha was {coefficient(alpha.estimate, rule.bound)}{alpha.limits(level)} (n = "
        f"{alpha.n:,}), {met} COSMIN's criterion of .70 ({rule.cited})."
    ]
    if alpha.ci_low < rule.bound <= alpha.ci_high:
        said.append("The interval includes .70, so the sample doesn't settle it.")
    if alpha.estimate > criteria.REDUNDANT:
        said.append("Above .95 some items may say the same (Terwee et al., 2007).")
    if isinstance(dimensions, Dimensions) and int(dimensions.suggested["factors"].iloc[0]) != 1:
        said.append(
            "The criterion is for items of one dimension, which parallel analysis doesn't suggest "
            "here."
        )
    return said


def _others(found: list[Finding], level: float) -> list[str]:
    told = [
        f"{_TOLD[one.statistic]} {coefficient(one.estimate)}{one.limits(level)}" for one in found
    ]
    if not told:
        return []
    text = "; ".join(told)
    return [f"{text[0].upper()}{text[1:]}."]


def _items(found: Reliability) -> tuple[list[Finding], list[str]]:
    """The lowest item-rest correlation, and what to say of all."""
    rest = found.items.dropna(subset=["item_rest"])
    if rest.empty:
        return [], []
    lowest = Finding(
        statistic="item_rest_lowest",
        estimate=float(rest["item_rest"].min()),
        n=int(found.table["n"].iloc[0]),
        item=str(rest["item"].iloc[int(rest["item_rest"].to_numpy().argmin())]),
        criterion=criteria.ITEM_REST,
    )
    verdict = "all reached" if lowest.meets else "not all reached"
    return [lowest], [
        "Correlations of items with the sum of the others ranged from "
        f"{coefficient(lowest.estimate, criteria.ITEM_REST.bound)} (item {lowest.item}) to "
        f"{coefficient(float(rest['item_rest'].max()))}; {verdict} .30 "
        f"({criteria.ITEM_REST.cited})."
    ]
