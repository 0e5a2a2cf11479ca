"""The tables of a check of item order, from arrays of its pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cpeval.measurement.item_scalability import Covariances, item_h
from cpeval.measurement.ordered_pairs import OrderedPairs
from cpeval.measurement.violation_crit import crit
from cpeval.measurement.whole_codes import WholeCodes

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: A column of a table: numbers, texts or true and false.
Column = NDArray[Any]

#: Columns of counts: 0 for an item that isn't compared, where other columns are NaN.
_COUNTS = ("active_pairs", "violations", "significant")

#: Coverage of the intervals of the means in a group.
_LEVEL = 0.95


def totals_of(pairs: OrderedPairs, significant: NDArray[np.bool_]) -> dict[str, Column]:
    """Sum up the violations of each pair."""
    count = len(pairs.first)
    largest, statistic = np.zeros(count), np.zeros(count)
    np.maximum.at(largest, pairs.v_pair, pairs.size)
    np.maximum.at(statistic, pairs.v_pair, pairs.statistic)
    return {
        "active_pairs": (pairs.n_groups - 1) * pairs.comparisons,
        "violations": np.bincount(pairs.v_pair, minlength=count),
        "max_violation": largest,
        "sum_violation": np.bincount(pairs.v_pair, weights=pairs.size, minlength=count),
        "statistic_max": statistic,
        "significant": np.bincount(pairs.v_pair[significant], minlength=count),
    }


def table_of(
    codes: WholeCodes,
    found: Covariances,
    pairs: OrderedPairs,
    totals: dict[str, Column],
    kept: Integers,
    unit: int,
) -> pd.DataFrame:
    """Sum up the pairs of each item."""
    k = len(codes.names)
    both = np.concatenate([pairs.first, pairs.second])
    of_item: dict[str, Column] = {}
    for name, values in totals.items():
        twice = np.concatenate([values, values])
        if name.startswith(("max", "statistic")):
            of_item[name] = np.zeros(k)
            np.maximum.at(of_item[name], both, twice)
        else:
            of_item[name] = np.bincount(both, weights=twice, minlength=k)
    h = item_h(found)
    weighed = crit(
        # mokken's, too, has H in three decimals here, and the number is rounded down.
        np.round(h, 3),
        active=of_item["active_pairs"],
        violations=of_item["violations"],
        largest=of_item["max_violation"],
        total=of_item["sum_violation"],
        statistic=of_item["statistic_max"],
        significant=of_item["significant"],
    )
    for name in _COUNTS:
        of_item[name] = of_item[name].astype(np.int64)
    nothing = (of_item["active_pairs"] == 0) & (of_item["violations"] == 0)
    for name, points in (("max_violation", unit), ("sum_violation", unit), ("statistic_max", 1)):
        of_item[name] = np.where(nothing, np.nan, points * of_item[name])
    mean = codes.lowest + codes.unit * codes.answers.mean(axis=1)
    return pd.DataFrame(
        {
            "item": codes.names,
            "mean": mean,
            "item_h": h,
            **of_item,
            "crit": weighed,
            "selected": np.isin(np.arange(k), kept),
            "n": codes.n,
        }
    )


def with_constants(table: pd.DataFrame, codes: WholeCodes, left: Integers) -> pd.DataFrame:
    """Add the constant items below, with nothing but their mean."""
    if not left.size:
        return table
    rows = {column: np.full(left.size, np.nan) for column in table.columns}
    rows |= {column: np.zeros(left.size, np.int64) for column in table if column in _COUNTS}
    rows["item"] = np.array(codes.names, dtype=object)[left]
    rows["mean"] = codes.code(codes.answers[left, 0]).astype(float)
    rows["selected"] = np.zeros(left.size, dtype=bool)
    rows["n"] = np.full(left.size, codes.n)
    return pd.concat([table, pd.DataFrame(rows)], ignore_index=True)


def steps_of(codes: WholeCodes, counts: Floats) -> pd.DataFrame:
    """Give the backward selection a column a step."""
    columns = {f"step_{step + 1}": counts[:, step] for step in range(counts.shape[1])}
    return pd.DataFrame({"item": codes.names, **columns})


def _named(codes: WholeCodes, pairs: OrderedPairs, pair: Integers) -> dict[str, Column]:
    names = np.array(codes.names, dtype=object)
    return {"item": names[pairs.first[pair]], "item_2": names[pairs.second[pair]]}


def pairs_of(
    codes: WholeCodes, pairs: OrderedPairs, totals: dict[str, Column], unit: int
) -> pd.DataFrame:
    """Name the items of each pair, with its violations summed up."""
    every = np.arange(len(pairs.first))
    shown = {
        name: unit * values if name.endswith("_violation") else values
        for name, values in totals.items()
    }
    return pd.DataFrame({**_named(codes, pairs, every), "n_groups": pairs.n_groups, **shown})


def groups_of(codes: WholeCodes, pairs: OrderedPairs) -> pd.DataFrame:
    """Give both means in each group of each pair, with t intervals, in codes."""
    others = len(codes.names) - 2
    columns: dict[str, Column] = {
        **_named(codes, pairs, pairs.pair),
        "group": pairs.group + 1,
        "rest_low": codes.rest_score(pairs.low, others),
        "rest_high": codes.rest_score(pairs.high, others),
        "n": pairs.n,
    }
    wide = stats.t.ppf((1 + _LEVEL) / 2, np.maximum(pairs.n - 1, 1)) / np.sqrt(pairs.n)
    for name, mean, sd in (
        ("mean", pairs.mean_first, pairs.sd_first),
        ("mean_2", pairs.mean_second, pairs.sd_second),
    ):
        half = np.where(sd > 0, codes.unit * wide * sd, np.nan)
        columns[name] = codes.lowest + codes.unit * mean
        columns[f"{name}_low"] = columns[name] - half
        columns[f"{name}_high"] = columns[name] + half
    return pd.DataFrame(columns)


def violations_of(
    codes: WholeCodes,
    pairs: OrderedPairs,
    significant: NDArray[np.bool_],
    method: str,
    unit: int,
) -> pd.DataFrame:
    """List the violations."""
    columns: dict[str, Column] = {
        **_named(codes, pairs, pairs.v_pair),
        "group": pairs.v_group + 1,
    }
    if method != "miio":
        columns["code"] = codes.code(pairs.v_code + 1)
    if method == "it":
        columns["code_2"] = codes.code(pairs.v_other + 1)
    columns |= {
        "size": unit * pairs.size,
        "statistic": pairs.statistic,
        "p": pairs.p,
        "significant": significant,
    }
    return pd.DataFrame(columns)
