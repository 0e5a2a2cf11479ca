"""`Support` and `Multiplexity`: which alters give which kinds of help, and who gives several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import ColumnError, OptionError, listed
from cpeval.networks.blocks import Floats, Ints
from cpeval.networks.ego_result import EgoResult
from cpeval.networks.groups import Groups, groups_of
from cpeval.number_agreement import counted
from cpeval.numeric import ROWS_COUNT, rows_text

if TYPE_CHECKING:
    from cpeval.networks.network_data import NetworkData


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Support(EgoResult):
    """A `Result` with a row a network and kind of help: how many alters give it.

    Attributes
    ----------
    kinds : pandas.DataFrame
        A row a kind: term, networks, without (networks where nobody gives it), n (alters who give
        it), mean (of such alters a network).
    overlap : pandas.DataFrame
        Kind by kind: of the alters who give either, the share who give both, averaged over the
        networks in which somebody gives either; NaN where there is no such network.
    """

    kinds: pd.DataFrame
    overlap: pd.DataFrame


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Multiplexity(EgoResult):
    """A `Result` with a row a network: how many kinds of tie an alter has with the ego.

    Attributes
    ----------
    kinds : tuple of str
        The columns that were counted.
    """

    kinds: tuple[str, ...]


def support(networks: NetworkData, kinds: Sequence[str], *, by: str | None) -> Support:
    """Compute what `EgoNetworks.support` returns."""
    gives = _given(networks, kinds)
    net, n_nets, labels = networks.links.net, len(networks), networks.labels()
    groups = Groups((None,), np.zeros(net.size, dtype=np.int64))
    warnings = _gaps(networks, gives, kinds)
    if by is not None:
        groups = groups_of(networks.alters_column(by), by)
        if (groups.codes < 0).any():
            lost = int((groups.codes < 0).sum())
            words = "{n} alter[s] without a value of {by!r} [is|are] in no group."
            warnings.append(counted(lost, words, by=by))
    n_groups = len(groups.labels)
    cell = np.where(groups.codes < 0, n_nets * n_groups, net * n_groups + groups.codes)
    cells, given = n_nets * n_groups + 1, gives == 1
    parts = []
    for k, kind in enumerate(kinds):
        givers = np.bincount(cell[given[:, k]], minlength=cells)[:-1]
        n = np.bincount(cell[~np.isnan(gives[:, k])], minlength=cells)[:-1]
        part = labels.iloc[np.repeat(np.arange(n_nets), n_groups)].reset_index(drop=True)
        part["term"] = kind
        if by is not None:
            part["group"] = pd.Series(list(groups.labels) * n_nets, dtype=object)
        part["givers"], part["n"] = givers, n
        part["share"] = np.divide(givers, n, out=np.full(n.shape, np.nan), where=n > 0)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    within = np.tile(np.repeat(np.arange(n_nets), n_groups), len(kinds))
    order = np.argsort(within, kind="stable")
    per = np.stack([np.bincount(net[given[:, k]], minlength=n_nets) for k in range(len(kinds))])
    return Support(
        table=table.iloc[order].reset_index(drop=True),
        note="How many of each ego's alters give each kind of help"
        + ("." if by is None else f", by {by!r}."),
        warnings=tuple(warnings),
        kinds=pd.DataFrame(
            {
                "term": list(kinds),
                "networks": n_nets,
                "without": (per == 0).sum(axis=1),
                "n": per.sum(axis=1),
                "mean": per.sum(axis=1) / n_nets if n_nets else np.nan,
            }
        ),
        overlap=pd.DataFrame(overlaps(given, net, n_nets), index=list(kinds), columns=list(kinds)),
    )


def multiplexity(networks: NetworkData, kinds: Sequence[str]) -> Multiplexity:
    """Compute what `EgoNetworks.multiplexity` returns."""
    gives = _given(networks, kinds)
    net, n_nets = networks.links.net, len(networks)
    full = ~np.isnan(gives).any(axis=1)
    net, count = net[full], gives[full].sum(axis=1)
    n = np.bincount(net, minlength=n_nets)
    nan = np.full(n_nets, np.nan)

    def mean(values: Floats) -> Floats:
        sums = np.bincount(net, values, n_nets)
        return np.asarray(np.divide(sums, n, out=nan.copy(), where=n > 0))

    found = {
        "n": n,
        "missing": networks.links.size - n,
        "mean": mean(count),
        "share_none": mean((count == 0).astype(float)),
        "share_multiplex": mean((count >= 2).astype(float)),
    }
    return Multiplexity(
        table=pd.concat([networks.labels(), pd.DataFrame(found)], axis=1),
        note=f"Kinds of tie that an alter has with the ego, of {len(kinds)}: {', '.join(kinds)}. "
        "Multiplex is an alter with two kinds or more.",
        warnings=tuple(_gaps(networks, gives, kinds)),
        kinds=tuple(kinds),
    )


def overlaps(given: np.ndarray, net: Ints, n_nets: int) -> Floats:
    """Average over networks the Jaccard index of those who give each two kinds.

    Parameters
    ----------
    given : array of bool, shape (N, K)
    net : array of int, shape (N,)

    Returns
    -------
    array, shape (K, K)
    """
    k = given.shape[1]
    found = np.full((k, k), np.nan)
    for a in range(k):
        for b in range(a, k):
            both = np.bincount(net[given[:, a] & given[:, b]], minlength=n_nets)
            either = np.bincount(net[given[:, a] | given[:, b]], minlength=n_nets)
            there = either > 0
            if there.any():
                found[a, b] = found[b, a] = (both[there] / either[there]).mean()
    return found


def _given(networks: NetworkData, kinds: Sequence[str]) -> Floats:
    """Return who gives what, shape (N, K): 1, 0 or, missing, NaN.

    Raises
    ------
    OptionError
        No columns, or one of them twice.
    ColumnError
        Columns that are absent, or that hold anything but true and false, or 1 and 0.
    """
    if isinstance(kinds, str) or not kinds or len(set(kinds)) < len(kinds):
        raise OptionError(
            "'kinds' must be a list of columns of the alters, each once, such as "
            f"['talks', 'lends']. Got {kinds!r}."
        )
    columns = networks.alters_columns(list(kinds))
    found, faults = np.empty((len(columns), len(kinds))), []
    for k, kind in enumerate(kinds):
        column = columns[kind]
        yes, no = column.isin([1, True]).to_numpy(), column.isin([0, False]).to_numpy()
        wrong = ~(yes | no) & column.notna().to_numpy()
        if wrong.any():
            rows = np.flatnonzero(wrong)
            faults.append(f"{kind!r} holds {listed(column[wrong].unique())} in {rows_text(rows)}")
        found[:, k] = np.where(yes, 1.0, np.where(no, 0.0, np.nan))
    if faults:
        raise ColumnError(
            "Columns that should say yes (1, true) or no (0, false) hold something else: "
            + "; ".join(faults)
            + f". Recode them. {ROWS_COUNT}"
        )
    return found


def _gaps(networks: NetworkData, gives: Floats, kinds: Sequence[str]) -> list[str]:
    """Count the missing answers of each kind."""
    gaps = np.isnan(gives).sum(axis=0)
    found = ", ".join(f"{kind!r} {n}" for kind, n in zip(kinds, gaps, strict=True) if n)
    return [*networks.warnings] + ([f"Alters without an answer: {found}."] if found else [])
