"""`Composition`: what the alters of each ego are like, and how different from each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cpeval.errors import ColumnError
from cpeval.networks.blocks import Floats, Ints
from cpeval.networks.ego_result import EgoResult
from cpeval.networks.groups import groups_of
from cpeval.number_agreement import counted
from cpeval.numeric import holds_numbers, numbers

if TYPE_CHECKING:
    from cpeval.networks.network_data import NetworkData


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Composition(EgoResult):
    """A `Result` with a row a network: what its alters are like.

    Attributes
    ----------
    column : str
        What about them.
    categories : tuple
        The categories, in the order of the table's columns ``share_…``; empty for numbers.
    """

    column: str
    categories: tuple[object, ...]


def composition(
    networks: NetworkData, column: str | None, *, categories: Sequence[object] | None
) -> Composition:
    """Compute what `EgoNetworks.composition` returns."""
    column = networks.kind_column() if column is None else column
    values = networks.alters_column(column)
    net, n_nets = networks.links.net, len(networks)
    as_numbers = (
        categories is None
        and not isinstance(values.dtype, pd.CategoricalDtype)
        and values.notna().any()
        and holds_numbers(values)
    )
    labels: tuple[object, ...] = ()
    found: dict[str, Any]
    if as_numbers:
        found = _of_numbers(numbers(values.to_frame(), [column])[:, 0], net, n_nets)
        note = f"Mean and standard deviation (n - 1) of {column!r} over each ego's alters."
    else:
        groups = groups_of(values, column, categories=categories)
        counts = crossed(net, groups.codes, n_nets, len(groups.labels))
        labels = groups.labels
        found = {"n": counts.sum(axis=1)} | diversity(counts)
        shares = _shares(counts)
        found |= {f"share_{label}": shares[:, k] for k, label in enumerate(labels)}
        if len(found) < 4 + len(labels):
            raise ColumnError(
                f"{column!r} has categories that read alike: {', '.join(map(repr, labels))}. "
                "Give numbers and text of one meaning one value."
            )
        note = (
            f"Composition of each ego's alters by {column!r}: Blau's index (Blau, 1977), the index "
            f"of qualitative variation over {len(labels)} categories, and Shannon's entropy in "
            "natural logarithms."
        )
    missing = networks.links.size - found["n"]
    table = pd.concat(
        [networks.labels(), pd.DataFrame({"n": found.pop("n"), "missing": missing} | found)], axis=1
    )
    warnings = list(networks.warnings)
    if missing.sum():
        warnings.append(
            counted(
                int(missing.sum()),
                "{n} of {size} alters [has|have] no value of {column!r}; shares and means are of "
                "those that have one.",
                size=net.size,
                column=column,
            )
        )
    return Composition(
        table=table, note=note, warnings=tuple(warnings), column=column, categories=labels
    )


def crossed(net: Ints, code: Ints, n_nets: int, n_codes: int) -> Ints:
    """Count alters by network and category, shape (n_nets, n_codes); a code of -1 isn't counted."""
    there = code >= 0
    cells = np.bincount(net[there] * n_codes + code[there], minlength=n_nets * n_codes)
    return cells.reshape(n_nets, n_codes)


def diversity(counts: Ints) -> dict[str, Floats]:
    """Return Blau's index, the index of qualitative variation and Shannon's entropy.

    Parameters
    ----------
    counts : array of int, shape (G, K)

    Returns
    -------
    dict of str to array, shape (G,)
        NaN without alters; ``iqv`` also with fewer than two categories.
    """
    shares = _shares(counts)
    n_categories = counts.shape[1]
    nothing = counts.sum(axis=1) == 0
    # A single category leaves no rounding error behind: 1 - 1.
    blau = 1 - (shares**2).sum(axis=1)
    blau[nothing] = np.nan
    most = 1 - 1 / n_categories if n_categories > 1 else np.nan
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    # Adding 0 makes -0.0, of one category, 0.0.
    entropy = 0.0 - (shares * logs).sum(axis=1)
    return {"blau": blau, "iqv": blau / most, "entropy": entropy}


def _shares(counts: Ints) -> Floats:
    """Return each category's share, shape (G, K); NaN without alters."""
    n = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(counts, n, out=np.full(counts.shape, np.nan), where=n > 0))


def _of_numbers(values: Floats, net: Ints, n_nets: int) -> dict[str, Floats | Ints]:
    """Return n, mean and sd by network; NaN where there are too few."""
    there = ~np.isnan(values)
    net, values = net[there], values[there]
    n = np.bincount(net, minlength=n_nets)
    nan = np.full(n_nets, np.nan)
    # From a value near all: sums of large numbers lose digits.
    centre = float(values[0]) if values.size else 0.0
    mean = np.divide(np.bincount(net, values - centre, n_nets), n, out=nan.copy(), where=n > 0)
    squares = np.bincount(net, (values - centre - mean[net]) ** 2, n_nets)
    sd = np.sqrt(np.divide(squares, n - 1, out=nan.copy(), where=n > 1))
    return {"n": n, "mean": mean + centre, "sd": sd}
