"""What checks of monotonicity and of item order say about items and people."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cpeval.errors import listed
from cpeval.measurement.item_scalability import Covariances, alike, item_h
from cpeval.measurement.violation_crit import MINOR, SERIOUS
from cpeval.measurement.whole_codes import WholeCodes

#: Below this many people, groups are too small to show violations.
FEW_PEOPLE = 50


def item_worries(codes: WholeCodes, found: Covariances) -> list[str]:
    """Name items that are constant, agree perfectly or go against the others; few people."""
    said = []
    names = np.array(codes.names, dtype=object)
    constant = codes.constant
    if constant.any():
        said.append(
            f"Items to which everyone gives the same answer: {listed(names[constant])}. Nothing "
            "can be checked for them."
        )
    pairs = alike(found)
    if pairs:
        text = "; ".join(f"{names[a]!r} and {names[b]!r}" for a, b in pairs[:10])
        more = f"; and {len(pairs) - 10} more pairs" if len(pairs) > 10 else ""
        said.append(f"Items that depend on each other perfectly (one twice?): {text}{more}.")
    against = item_h(found) < 0
    if against.any():
        said.append(
            f"Items that go against the others, H below 0 (should they be reversed?): "
            f"{listed(names[against])}."
        )
    if codes.n < FEW_PEOPLE:
        said.append(
            f"Only {codes.n} people: below {FEW_PEOPLE}, that no violation is found says little."
        )
    return said


def no_comparison(codes: WholeCodes, table: pd.DataFrame, size: int, *, what: str) -> list[str]:
    """Name items without a comparison because all people are in one group."""
    constant = set(np.array(codes.names, dtype=object)[codes.constant])
    none = [name for name in table["item"][table["active_pairs"] == 0] if name not in constant]
    if not none:
        return []
    return [
        f"Nothing could be compared for {listed(none)}: with min_size {size} of {codes.n} people "
        f"there is one {what}, or all groups answer alike. A smaller min_size gives more groups."
    ]


def plainly_violating(table: pd.DataFrame) -> list[str]:
    """Name items whose violations are more than chance."""
    said = []
    serious = table["crit"] >= SERIOUS
    minor = (table["crit"] >= MINOR) & ~serious
    for rows, words in (
        (serious, f"Serious violations (crit {SERIOUS} or more)"),
        (minor, f"Violations to look at (crit {MINOR} to {SERIOUS - 1})"),
    ):
        if rows.any():
            said.append(f"{words}: {listed(table['item'][rows])}.")
    return said
