"""Cross-cultural validity and measurement invariance: whether groups answer alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cpeval.errors import TooFewError, listed
from cpeval.measurement.item_bias.dif import DifferentialFunctioning, dif
from cpeval.measurement.item_groups import Labels
from cpeval.measurement.methods_report import criteria
from cpeval.measurement.methods_report.analyses import Analyses
from cpeval.measurement.methods_report.rounding import SMALL, coefficient, names, plural
from cpeval.measurement.methods_report.section import Finding, Section

HEADING = "Cross-cultural validity and measurement invariance"


def invariance(done: Analyses, frame: pd.DataFrame, group: Labels | None) -> Section:
    """Compare two groups, and tell of it; or say that no group was given."""
    if group is None:
        return Section(
            heading=HEADING,
            text=(
                "Not examined: no group was given. group= takes a column, such as sex or "
                "language; items that its groups answer differently are then looked for."
            ),
        )
    found = done.run("dif", "Differential item functioning", lambda: _compared(frame, group))
    if found is None:
        return Section(heading=HEADING, text="", left_out=done.missing("dif"))
    text, findings = _told(found, int(frame.notna().all(axis=1).sum()))
    return Section(heading=HEADING, text=text, results=("dif",), findings=findings)


def _compared(frame: pd.DataFrame, group: Labels) -> DifferentialFunctioning:
    plain = [_plain(label) for label in group.labels]
    labels = np.array([*plain, None], dtype=object)
    given: Any = pd.Series(pd.Categorical(labels[group.code], categories=plain))
    complete = frame.notna().all(axis=1).to_numpy()
    sizes = np.bincount(group.code[complete & (group.code >= 0)], minlength=len(group.labels))
    few = [label for label, size in zip(group.labels, sizes, strict=True) if 0 < size < SMALL]
    if few:
        raise TooFewError(
            f"Groups of fewer than {SMALL} people with all items are not compared: {listed(few)}."
        )
    return dif(frame, given)


def _plain(label: object) -> object:
    """Whole numbers as such, which gaps in their column have made floats."""
    return int(label) if isinstance(label, float) and label.is_integer() else label


def _told(found: DifferentialFunctioning, n_complete: int) -> tuple[str, tuple[Finding, ...]]:
    table, rule = found.table, criteria.NO_BIAS
    n = int(table["n"].iloc[0])
    # With the number of complete rows it would tell how few have no group.
    size = "" if 0 < n_complete - n < SMALL else f"; n = {n:,}"
    flagged = table[table["flagged"].astype(bool)]
    change = table["r2_change"].to_numpy(dtype=float)
    if np.isnan(change).all():
        largest, item = np.nan, ""
    else:
        place = int(np.nanargmax(change))
        largest, item = float(change[place]), str(table["item"].iloc[place])
    groups = f"{names([found.focal])} against {names([found.reference])}"
    text = (
        f"Differential item functioning, {groups} (proportional-odds regression with the total, "
        f"purified; Holm's adjustment{size}): "
    )
    if flagged.empty:
        text += f"none of the {plural(len(table), 'item')} was flagged."
    else:
        verb = "was" if len(flagged) == 1 else "were"
        text += (
            f"{len(flagged)} of {plural(len(table), 'item')} {verb} flagged "
            f"({names(flagged['item'])})."
        )
    if np.isfinite(largest):
        kind = "negligible" if rule.met(largest) else "not negligible"
        text += (
            f" The largest change of Nagelkerke's R² was {_three(largest)} (item {item}), {kind} "
            f"by the bound of .035 ({rule.cited}); COSMIN's bound of .02 is for McFadden's R² "
            "(Prinsen et al., 2018)."
        )
    return text, (
        Finding(statistic="items_flagged", estimate=len(flagged), n=n),
        Finding(statistic="dif_r2_change", estimate=largest, n=n, item=item, criterion=rule),
    )


def _three(value: float) -> str:
    text = coefficient(round(value, 3), None)
    return f"{value:.3f}"[1:] if 0 <= value < 1 else text
