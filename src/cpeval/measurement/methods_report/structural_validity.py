"""Structural validity: dimensions, scalability, scales, monotonicity, the order of items."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cpeval.measurement.methods_report import criteria
from cpeval.measurement.methods_report.analyses import Analyses
from cpeval.measurement.methods_report.rounding import coefficient, names, plural
from cpeval.measurement.methods_report.section import Finding, Section
from cpeval.measurement.mokken.invariant_ordering import InvariantOrdering, invariant_ordering
from cpeval.measurement.mokken.monotonicity import Monotonicity, monotonicity
from cpeval.measurement.mokken.scalability import Scalability, scalability
from cpeval.measurement.mokken.select_scales import ScaleSelection, select_scales
from cpeval.measurement.structure.dimensionality import Dimensions, dimensions

HEADING = "Structural validity"
NAMES = ("dimensions", "scalability", "select_scales", "monotonicity", "invariant_ordering")

#: What Hi must reach to be in a scale.
BOUND = criteria.SCALABLE.bound
#: From this crit on an item is to be looked at (Molenaar & Sijtsma 2000).
_LOOK = 40
#: From which HT the order of items is how accurate (Ligtvoet et al. 2010).
_ACCURACY = ((0.5, "high"), (0.4, "medium"), (0.3, "low"))

_Part = tuple[str, list[Finding]]


def structural_validity(
    done: Analyses,
    frame: pd.DataFrame,
    *,
    missing: str,
    level: float,
    seed: int | np.random.Generator | None,
) -> Section:
    """Run the analyses of structure, and tell of them."""
    parts: list[_Part] = []
    found = done.run(
        "dimensions",
        "The number of dimensions",
        lambda: dimensions(frame, missing=missing, seed=seed),
    )
    if found is not None:
        parts.append(_dimensions(found))
    scale = done.run(
        "scalability", "Scalability", lambda: scalability(frame, missing=missing, level=level)
    )
    if scale is not None:
        parts.append(_scalability(scale, level))
    chosen = done.run(
        "select_scales", "Scale selection", lambda: select_scales(frame, lower_bound=BOUND)
    )
    if chosen is not None:
        parts.append(_selection(chosen))
    steady = done.run("monotonicity", "Monotonicity", lambda: monotonicity(frame))
    if steady is not None:
        parts.append(_monotonicity(steady))
    order = done.run(
        "invariant_ordering", "Invariant item ordering", lambda: invariant_ordering(frame)
    )
    if order is not None:
        parts.append(_ordering(order))
    return Section(
        heading=HEADING,
        text=" ".join(text for text, _ in parts),
        results=done.there(*NAMES),
        findings=tuple(one for _, rows in parts for one in rows),
        left_out=done.missing(*NAMES),
    )


def _dimensions(found: Dimensions) -> _Part:
    counts = found.suggested.set_index("criterion")["factors"]
    parallel, velicer = int(counts["parallel_95"]), int(counts["map"])
    first = found.table.to_dict("records")[0]
    n = int(first["n"])
    verdict = (
        "by parallel analysis the items can be taken as one dimension"
        if parallel == 1
        else "by parallel analysis one dimension is not enough"
        if parallel > 1
        else "by parallel analysis the items hardly hang together"
    )
    text = (
        f"Parallel analysis (Horn, 1965) suggested {plural(parallel, 'dimension')} and Velicer's "
        f"MAP {velicer} (n = {n:,}; first eigenvalue {first['estimate']:.2f}, "
        f"{100 * first['share']:.0f} % of the variance): {verdict}."
    )
    return text, [
        Finding(
            statistic="dimensions_parallel",
            estimate=parallel,
            n=n,
            criterion=criteria.ONE_DIMENSION,
        ),
        Finding(
            statistic="dimensions_map", estimate=velicer, n=n, criterion=criteria.ONE_DIMENSION
        ),
    ]


def _scalability(found: Scalability, level: float) -> _Part:
    by_level = dict(iter(found.table.groupby("level")))
    whole = Finding.of("H", by_level["scale"].to_dict("records")[0], criterion=criteria.SCALABLE)
    items = by_level["item"].dropna(subset=["estimate"])
    row = items.to_dict("records")[int(items["estimate"].to_numpy().argmin())]
    lowest = Finding.of("Hi_lowest", row, item=str(row["item"]), criterion=criteria.ITEM_SCALABLE)
    strength = next(
        (name for least, name in criteria.STRENGTHS if whole.estimate >= least),
        "below what makes a Mokken scale",
    )
    below = int((items["estimate"] < BOUND).sum())
    text = (
        f"Mokken's scalability coefficient of the {len(items)} items was H = "
        f"{coefficient(whole.estimate, BOUND)}{whole.limits(level)}: {strength} (Mokken, 1971). "
        f"The lowest item coefficient was {coefficient(lowest.estimate, BOUND)} (item "
        f"{lowest.item}); "
        + (
            "all reached .30, as COSMIN asks (Prinsen et al., 2018)."
            if below == 0
            else f"{plural(below, 'item')} fell below .30, which COSMIN asks for "
            f"(Prinsen et al., 2018)."
        )
    )
    return text, [whole, lowest]


def _selection(found: ScaleSelection) -> _Part:
    k, first = len(found.table), int((found.table["scale"] == 1).sum())
    alone = found.table["item"][found.table["scale"] == 0]
    scales = len(found.scales)
    if scales == 0:
        text = "The automated item selection procedure (lower bound .30) found no scale."
    else:
        how = "one scale" if scales == 1 else f"{scales} scales, the first"
        text = (
            f"The automated item selection procedure (lower bound .30) found {how} with {first} of "
            f"the {k} items" + (f"; not scalable: {names(alone)}." if len(alone) else ".")
        )
    rule = criteria.Criterion(words="exactly", bound=k, source="Mokken (1971)")
    return text, [
        Finding(statistic="items_in_first_scale", estimate=first, n=found.n, criterion=rule)
    ]


def _crit(table: pd.DataFrame, statistic: str) -> tuple[Finding, int, int]:
    """The largest crit, how many items are to be looked at, and how many are in doubt."""
    crit = table["crit"].to_numpy(dtype=float)
    n = int(table["n"].iloc[0])
    rule = criteria.NOT_SERIOUS
    if np.isnan(crit).all():
        return Finding(statistic=statistic, estimate=np.nan, n=n, criterion=rule), 0, 0
    place = int(np.nanargmax(crit))
    largest = float(crit[place])
    item = str(table["item"].iloc[place]) if largest > 0 else ""
    row = Finding(statistic=statistic, estimate=largest, n=n, item=item, criterion=rule)
    return row, int((crit >= _LOOK).sum()), int((crit >= rule.bound).sum())


def _told_crit(row: Finding, look: int, doubt: int) -> str:
    """A sentence's end on crit; the source once is enough."""
    if row.estimate == 0:
        return "no violations"
    grave = f"{plural(doubt, 'item')} reached the 80 that counts as serious" if doubt else ""
    some = f"{plural(look, 'item')} reached 40, below the 80 that counts as serious" if look else ""
    rest = "no item reached 40, from where one is to be looked at"
    return f"largest crit {row.estimate:.0f} (item {row.item}), {grave or some or rest}"


def _monotonicity(found: Monotonicity) -> _Part:
    row, look, doubt = _crit(found.table, "monotonicity_crit")
    if not np.isfinite(row.estimate):
        return (
            "Manifest monotonicity could not be checked: there is one group of rest scores only.",
            [row],
        )
    text = (
        f"Manifest monotonicity: {_told_crit(row, look, doubt)} (Molenaar & Sijtsma, 2000; "
        f"rest-score groups of {found.min_size} or more)."
    )
    return text, [row]


def _ordering(found: InvariantOrdering) -> _Part:
    row, look, doubt = _crit(found.table, "ordering_crit")
    n = int(found.table["n"].iloc[0])
    rows = [
        row,
        Finding(statistic="HT", estimate=found.HT, n=n, criterion=criteria.ORDERED),
    ]
    checked = (
        _told_crit(row, look, doubt)
        if np.isfinite(row.estimate)
        else "one group of rest scores only, so violations could not show"
    )
    if found.removed:
        checked += f"; backward selection removed {names(found.removed)}"
    accuracy = next((word for least, word in _ACCURACY if least <= found.HT), None)
    order = (
        f"the accuracy of the order is {accuracy}"
        if accuracy
        else "too low for the order to be of use"
    )
    text = (
        f"Invariant item ordering (manifest, by means): {checked}. HT was "
        f"{coefficient(found.HT, criteria.ORDERED.bound)}: {order} (Ligtvoet et al., 2010)."
    )
    return text, rows
