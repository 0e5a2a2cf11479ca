"""Scalability coefficients of one sample as arrays, with errors and tests, and as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cpeval.measurement.guttman import Guttman, covariances, item_errors, pair_errors, ratio
from cpeval.measurement.item_codes import ItemCodes
from cpeval.measurement.two_level import two_level

Floats = NDArray[np.float64]

#: How an interval may be made.
INTERVALS = ("wald", "range_preserving")

#: What the coefficients with clusters are, in the order of `two_level`.
TWO_LEVEL = ("within", "between", "ratio")


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimates:
    """One kind of coefficient of a scale, of its k items and of their pairs.

    Attributes
    ----------
    kind : str
        "" for H, or one of `TWO_LEVEL`.
    df : float
        Of the interval; infinite for a normal one.
    scale, items, pairs : tuple of three numpy.ndarray
        Estimates, standard errors and test statistics, of shapes (1,), (k,) and (k, k). The
        diagonal of pairs is NaN.
    """

    kind: str
    df: float
    scale: tuple[Floats, Floats, Floats]
    items: tuple[Floats, Floats, Floats]
    pairs: tuple[Floats, Floats, Floats]


def one_level(items: ItemCodes, errors: Guttman) -> Estimates:
    """Estimate H, Hi and Hij; the statistic is Mokken's Z."""
    of_items, of_scale = item_errors(items, errors)
    z_pairs, z_items, z_scale = covariances(items, errors).z()
    observed, expected = errors.observed, errors.expected
    return Estimates(
        kind="",
        df=np.inf,
        scale=(
            np.atleast_1d(1 - ratio(observed.sum(), expected.sum())),
            np.array([of_scale]),
            np.array([z_scale]),
        ),
        items=(1 - ratio(observed.sum(axis=1), expected.sum(axis=1)), of_items, z_items),
        pairs=(1 - ratio(observed, expected), pair_errors(items, errors), z_pairs),
    )


def within_and_between(
    items: ItemCodes, errors: Guttman, cluster: NDArray[np.intp]
) -> list[Estimates]:
    """Estimate the coefficients of `TWO_LEVEL`; the statistic is estimate / se, none for ratios."""
    found = two_level(items, errors, cluster)
    every = []
    for place, kind in enumerate(TWO_LEVEL):
        parts = [
            (found.scale[[place]], found.scale_error[[place]]),
            (found.items[place], found.item_errors[place]),
            (found.pairs[place], found.pair_errors[place]),
        ]
        with np.errstate(invalid="ignore", divide="ignore"):
            scale, of_items, pairs = (
                (value, se, np.full_like(value, np.nan) if kind == "ratio" else value / se)
                for value, se in parts
            )
        df = float(cluster[-1])  # one less than there are clusters
        every.append(Estimates(kind=kind, df=df, scale=scale, items=of_items, pairs=pairs))
    return every


def rows_of(
    found: Sequence[Estimates],
    names: Sequence[str],
    n_pair: Floats,
    n_people: int,
    *,
    level: float,
    interval: str,
) -> pd.DataFrame:
    """Lay coefficients out as rows: the scale, then items, then pairs.

    Parameters
    ----------
    found : sequence of Estimates
    names : sequence of str
        The k items.
    n_pair : numpy.ndarray, shape (k, k)
        People who answered both of two items; its diagonal has who answered one.
    """
    k = len(names)
    one, two = np.triu_indices(k, 1)
    label = np.array(names, dtype=object)
    blocks = []
    for each in found:
        columns = [
            np.concatenate([of_scale, of_items, of_pairs[one, two]])
            for of_scale, of_items, of_pairs in zip(each.scale, each.items, each.pairs, strict=True)
        ]
        estimate, se, statistic = columns
        low, high = limits(estimate, se, each, level=level, interval=interval)
        blocks.append(
            pd.DataFrame(
                {
                    "level": ["scale"] + ["item"] * k + ["pair"] * len(one),
                    "item": ["", *label, *label[one]],
                    "item_2": [""] * (1 + k) + [*label[two]],
                    "coefficient": each.kind,
                    "estimate": estimate,
                    "se": se,
                    "df": each.df,
                    "statistic": statistic,
                    "p": stats.t.sf(statistic, each.df),
                    "ci_low": low,
                    "ci_high": high,
                    "n": [n_people, *np.diag(n_pair).astype(int), *n_pair[one, two].astype(int)],
                }
            )
        )
    table = pd.concat(blocks, ignore_index=True)
    if found[0].kind == "":
        return table.drop(columns=["coefficient", "df"])
    order = table["level"].map({"scale": 0, "item": 1, "pair": 2}).sort_values(kind="stable")
    return table.loc[order.index].reset_index(drop=True)


def limits(
    estimate: Floats, se: Floats, of: Estimates, *, level: float, interval: str
) -> tuple[Floats, Floats]:
    """Return both ends of intervals.

    A range-preserving one is symmetric in log(1 - H). Ratios, which may be above 1, have Wald's.
    """
    reach = stats.t.isf((1 - level) / 2, of.df) * se
    if interval == "wald" or of.kind == "ratio":
        return estimate - reach, estimate + reach
    rest = 1 - estimate
    spread = np.exp(np.divide(reach, rest, out=np.zeros_like(rest), where=rest > 0))
    return 1 - rest * spread, 1 - rest / spread
