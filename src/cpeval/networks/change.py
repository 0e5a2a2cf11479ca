"""`NetworkChange`: which alters and ties stayed, went and came between two waves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cpeval.errors import (
    OptionError,
    TooFewError,
    WaveError,
    did_you_mean,
    is_number,
    listed,
    require_option,
)
from cpeval.networks.alter_sets import Bools
from cpeval.networks.blocks import Ints
from cpeval.networks.ego_result import EgoResult
from cpeval.networks.groups import groups_of
from cpeval.networks.matching import Matches, by_key, by_likeness
from cpeval.networks.metrics import NO_TIES, metrics
from cpeval.networks.names import plain
from cpeval.number_agreement import counted

if TYPE_CHECKING:
    from cpeval.networks.network_data import NetworkData


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NetworkChange(EgoResult):
    """A `Result` with a row an ego that is there at both waves.

    Attributes
    ----------
    metrics : pandas.DataFrame
        ego, term (a measure of `EgoNetworks.metrics`), before, after, change.
    groups : pandas.DataFrame or None
        With ``by``: ego, group, before, after, kept, lost, gained, and of the kept those who
        joined the group from another, or left it for another.
    matched : pandas.DataFrame
        Who was taken for whom: ego, alter_before, alter_after, name_before, name_after (with
        names), similarity (1 where ids or names are equal).
    unclear : pandas.DataFrame
        Alters that could be several: ego, wave, alter, name. They count as lost or gained.
    n_excluded : int
        Egos that are there at one of the waves only.
    """

    metrics: pd.DataFrame
    groups: pd.DataFrame | None
    matched: pd.DataFrame
    unclear: pd.DataFrame
    n_excluded: int


def change(
    networks: NetworkData,
    before: object,
    after: object,
    *,
    match: str,
    similarity: float,
    by: str | None,
) -> NetworkChange:
    """Compute what `EgoNetworks.change` returns."""
    _require_options(networks, match, similarity)
    one, other, n_excluded = _paired(networks, before, after)
    net, person = networks.links.net, networks.person
    order = np.full(int(person.max(initial=-1)) + 1, -1)
    order[person[one]] = np.arange(one.size)
    rows = [np.flatnonzero(np.isin(net, nets)) for nets in (one, other)]
    found = _matched(networks, rows[0], rows[1], match, similarity)
    warnings = list(networks.warnings)
    if n_excluded:
        warnings.append(
            counted(n_excluded, "{n} ego[s] [is|are] there at one of the two waves only; left out.")
        )
    if found.unclear.size:
        warnings.append(
            counted(
                found.unclear.size,
                "{n} alter[s] could be several at the other wave, and [counts|count] as lost or "
                "gained: see .unclear.",
            )
        )
    if match == "id":
        warnings += _suspicious_ids(networks, found, rows, other)
    if not networks.has_ties:
        warnings.append(NO_TIES)
    of_ego = order[person[net]]
    table = pd.concat(
        [
            networks.labels().iloc[one][["ego"]].reset_index(drop=True),
            pd.DataFrame(_alters(found, rows, of_ego, one.size)),
            pd.DataFrame(_ties(networks, found, rows, of_ego, one.size)),
        ],
        axis=1,
    )
    how = {"id": "ids", "name": "names"}[match]
    alike = "" if match == "id" or similarity == 1 else f", alike to {similarity:g} or more"
    return NetworkChange(
        table=table,
        note=(
            f"Change of networks from {before} to {after}, alters matched by {how} within "
            f"the ego{alike}. Turnover is lost and gained over all named at either wave; Jaccard "
            "is kept over all who were ever there."
        ),
        warnings=tuple(warnings),
        metrics=_metric_changes(networks, one, other),
        groups=None if by is None else _by_group(networks, by, found, rows, of_ego, one),
        matched=_who(networks, found),
        unclear=_unclear(networks, found.unclear),
        n_excluded=n_excluded,
    )


def _require_options(networks: NetworkData, match: str, similarity: float) -> None:
    if networks.columns.wave is None:
        raise OptionError("There are no waves: give wave= when the networks are made.")
    require_option("match", match, ("id", "name"))
    if not is_number(similarity) or not 0 < similarity <= 1:
        raise OptionError(f"'similarity' must be above 0 and at most 1. Got {similarity!r}.")
    if match == "id" and similarity != 1:
        raise OptionError("'similarity' is of names: it goes with match='name'.")
    if match == "name" and networks.columns.name is None:
        raise OptionError(
            "match='name' needs names: give name= when the networks are made, the column of the "
            "alters that says what the ego calls them."
        )


def _paired(networks: NetworkData, before: object, after: object) -> tuple[Ints, Ints, int]:
    """Return the networks of both waves, egos in one order, and how many egos have only one."""
    waves = networks.labels()["wave"]
    there = waves.unique().tolist()
    absent = [wave for wave in (before, after) if wave not in there]
    if absent or before == after:
        hints = ", ".join(f"{wave!r}{did_you_mean(wave, there)}" for wave in absent)
        raise WaveError(
            (f"No ego has the wave {hints}. " if absent else "The two waves are the same. ")
            + f"Waves there: {listed(there)}."
        )
    one, other = (np.flatnonzero((waves == wave).to_numpy()) for wave in (before, after))
    place = pd.Index(networks.person[other]).get_indexer(pd.Index(networks.person[one]))
    both = place >= 0
    if not both.any():
        raise TooFewError(f"No ego is there at both {before!r} and {after!r}.")
    n_excluded = one.size + other.size - 2 * int(both.sum())
    return one[both], other[place[both]], n_excluded


def _matched(networks: NetworkData, before: Ints, after: Ints, match: str, least: float) -> Matches:
    """Match alters by id, or by equal names and then by like ones."""
    person = networks.person[networks.links.net]
    if match == "id":
        return by_key(before, after, person, networks.alter_code)
    names = plain(networks.alters_column(str(networks.columns.name)))
    codes = np.asarray(pd.factorize(names)[0], dtype=np.int64)
    equal = by_key(before, after, person, codes)
    if least == 1:
        return equal
    taken = np.concatenate([equal.before, equal.after, equal.unclear])
    left, right = (rows[~np.isin(rows, taken)] for rows in (before, after))
    like = by_likeness(left, right, person, names, least=least)
    order = np.argsort(np.concatenate([equal.before, like.before]), kind="stable")
    return Matches(
        np.concatenate([equal.before, like.before])[order],
        np.concatenate([equal.after, like.after])[order],
        np.concatenate([equal.similarity, like.similarity])[order],
        np.sort(np.concatenate([equal.unclear, like.unclear])),
    )


def _alters(found: Matches, rows: list[Ints], of_ego: Ints, n: int) -> dict[str, Any]:
    """Count alters by ego."""
    old, new = (np.bincount(of_ego[part], minlength=n) for part in rows)
    kept = np.bincount(of_ego[found.before], minlength=n)
    ever = old + new - kept
    nan = np.full(n, np.nan)
    return {
        "alters_before": old,
        "alters_after": new,
        "kept": kept,
        "lost": old - kept,
        "gained": new - kept,
        "turnover": np.divide(old + new - 2 * kept, old + new, out=nan.copy(), where=old + new > 0),
        "jaccard": np.divide(kept, ever, out=nan.copy(), where=ever > 0),
    }


def _ties(
    networks: NetworkData, found: Matches, rows: list[Ints], of_ego: Ints, n: int
) -> dict[str, Any]:
    """Count ties by ego; missing where no ties were asked for.

    A tie ended, or was formed, when both alters were there before and after.
    """
    names = (
        *("ties_before", "ties_after", "ties_kept", "ties_lost", "ties_gained"),
        *("ties_ended", "ties_formed"),
    )
    if not networks.has_ties:
        return {name: np.full(n, np.nan) for name in names}
    links = networks.links
    n_rows = links.net.size
    # Everybody under the row that they had before; who is new keeps the row of their own.
    known_as = np.arange(n_rows)
    known_as[found.after] = found.before
    stays = np.zeros(n_rows, dtype=bool)
    stays[found.before] = stays[found.after] = True
    sets = []
    for part in rows:
        there = np.zeros(n_rows, dtype=bool)
        there[part] = True
        tie = there[links.first]
        ends = links.first[tie], links.second[tie]
        a, b = known_as[ends[0]], known_as[ends[1]]
        pair = np.minimum(a, b) * n_rows + np.maximum(a, b)
        sets.append((pair, of_ego[ends[0]], stays[ends[0]] & stays[ends[1]]))
    (old, old_ego, old_stays), (new, new_ego, new_stays) = sets
    still, again = np.isin(old, new), np.isin(new, old)

    def count(ego: Ints, which: Bools) -> Ints:
        return np.bincount(ego[which], minlength=n)

    counts = (
        np.bincount(old_ego, minlength=n),
        np.bincount(new_ego, minlength=n),
        count(old_ego, still),
        count(old_ego, ~still),
        count(new_ego, ~again),
        count(old_ego, ~still & old_stays),
        count(new_ego, ~again & new_stays),
    )
    return dict(zip(names, counts, strict=True))


def _metric_changes(networks: NetworkData, one: Ints, other: Ints) -> pd.DataFrame:
    """Put every measure before and after side by side, a row an ego and measure."""
    table = metrics(networks, weighted=False, by=None).table
    measures = [name for name in table.columns if name not in ("ego", "wave")]
    values = table[measures].to_numpy(dtype=float)
    old, new = values[one].ravel(), values[other].ravel()
    ego = table["ego"].iloc[np.repeat(one, len(measures))].reset_index(drop=True)
    return pd.DataFrame(
        {"ego": ego, "term": measures * one.size, "before": old, "after": new, "change": new - old}
    )


def _by_group(
    networks: NetworkData, by: str, found: Matches, rows: list[Ints], of_ego: Ints, one: Ints
) -> pd.DataFrame:
    """Count alters by ego and group."""
    groups = groups_of(networks.alters_column(by), by)
    k = len(groups.labels)
    code = groups.codes

    def count(where: Ints) -> Ints:
        known = where[code[where] >= 0]
        return np.bincount(of_ego[known] * k + code[known], minlength=one.size * k)

    old, new = count(rows[0]), count(rows[1])
    same = code[found.before] == code[found.after]
    kept, joined = count(found.before[same]), count(found.after[~same])
    left = count(found.before[~same])
    egos = networks.labels()["ego"].iloc[np.repeat(one, k)].reset_index(drop=True)
    return pd.DataFrame(
        {
            "ego": egos,
            "group": pd.Series(list(groups.labels) * one.size, dtype=object),
            "before": old,
            "after": new,
            "kept": kept,
            "lost": old - kept - left,
            "gained": new - kept - joined,
            "joined": joined,
            "left": left,
        }
    )


def _who(networks: NetworkData, found: Matches) -> pd.DataFrame:
    """Say who was taken for whom."""
    columns = networks.columns
    shown: dict[str, Any] = {"ego": networks.labels()["ego"].iloc[networks.links.net[found.before]]}
    parts = [("alter", columns.alter)]
    if columns.name is not None and columns.name != columns.alter:
        parts.append(("name", columns.name))
    for what, column in parts:
        values = networks.alters_column(column)
        shown[f"{what}_before"] = values.iloc[found.before]
        shown[f"{what}_after"] = values.iloc[found.after]
    shown["similarity"] = pd.Series(found.similarity)
    return pd.DataFrame({name: v.reset_index(drop=True) for name, v in shown.items()})


def _unclear(networks: NetworkData, rows: Ints) -> pd.DataFrame:
    """List alters that could be several."""
    labels = networks.labels().iloc[networks.links.net[rows]].reset_index(drop=True)
    for what, column in (("alter", networks.columns.alter), ("name", networks.columns.name)):
        if column is not None:
            labels[what] = networks.alters_column(column).iloc[rows].reset_index(drop=True)
    return labels


def _suspicious_ids(
    networks: NetworkData, found: Matches, rows: list[Ints], after: Ints
) -> list[str]:
    """Warn of ids that don't look like the same person's at both waves."""
    remedy = "If ids were given anew at each wave, match by name: match='name'."
    if not found.before.size and rows[0].size and rows[1].size:
        return [f"No alter has the same id at both waves. {remedy}"]
    lost = rows[0].size + rows[1].size - 2 * found.before.size
    if lost and _numbered(networks, rows[1], after):
        return [
            "At the later wave the ids of every ego's alters are 1, 2, 3 and so on without a gap: "
            f"they may be places in a list rather than people. {remedy}"
        ]
    return []


def _numbered(networks: NetworkData, rows: Ints, nets: Ints) -> bool:
    """Say whether the alters of every network, three or more, are numbered from 1 to its size."""
    net, size = networks.links.net[rows], networks.links.size
    if np.count_nonzero(size[nets]) < 3:
        return False
    text = networks.alters_column(networks.columns.alter).iloc[rows].astype(str)
    digits = pd.to_numeric(text.str.extract(r"(\d{1,9})$", expand=False), errors="coerce")
    number = digits.to_numpy(dtype=float)
    # Ids of a network differ, so numbers up to its size are all of 1 to size, or share a digit.
    inside = (number >= 1) & (number <= size[net])
    pairs = pd.DataFrame({"net": net, "number": number})
    return bool(inside.all() and not pairs.duplicated().any())
