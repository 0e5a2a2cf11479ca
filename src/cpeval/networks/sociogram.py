"""`Sociogram`: where to draw the alters of some egos, and as what; no picture yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import OptionError, did_you_mean, listed
from cpeval.networks.blocks import Floats, Ints
from cpeval.networks.circles import Circles, Ring, circles_of, one_circle
from cpeval.networks.groups import groups_of
from cpeval.networks.sectors import natural_order, sectors, staggered
from cpeval.networks.waves import as_list, waves_among
from cpeval.numeric import numbers

if TYPE_CHECKING:
    from cpeval.networks.network_data import NetworkData

#: More networks than this are too small to read.
MOST_NETWORKS = 40

#: More groups than this look alike.
MOST_GROUPS = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """One network: ``n`` alters around the ego at (0, 0).

    Attributes
    ----------
    row, column : int
        Its place in the picture.
    title : str
    asked : bool
        False where the ego was not there at the wave.
    x, y, angle : array, shape (n,)
    group : array of int, shape (n,)
        The number of the alter's group; -1 is missing.
    size : array, shape (n,)
        From 0 to 1; NaN is missing.
    number : array of int, shape (n,)
        From 1, the same for an alter at each wave.
    label : tuple of str, length n
        What to write beside it; empty is nothing.
    ties : array of int, shape (t, 2)
    """

    row: int
    column: int
    title: str
    asked: bool
    x: Floats
    y: Floats
    angle: Floats
    group: Ints
    size: Floats
    number: Ints
    label: tuple[str, ...]
    ties: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Sociogram:
    """What a picture of some networks shows.

    Attributes
    ----------
    panels : tuple of Panel
    rings : tuple of Ring
    groups : tuple
        The labels of all groups; empty where alters aren't told apart.
    sizes : tuple of str
        What the smallest and the largest alter stand for; empty where all are of one size.
    notes : tuple of str
        What a reader needs to know, a sentence each.
    """

    panels: tuple[Panel, ...]
    rings: tuple[Ring, ...]
    groups: tuple[object, ...]
    sizes: tuple[str, ...]
    notes: tuple[str, ...]


def sociogram(
    networks: NetworkData,
    ego: object,
    *,
    wave: object,
    circles: str | None,
    inner: str | Sequence[object],
    by: str | None,
    size: str | None,
    label: str | None,
    names: bool,
) -> Sociogram:
    """Lay out what `EgoNetworks.plot` and `EgoNetworks.map` draw.

    Raises
    ------
    OptionError, WaveError, ColumnError, DataError
        As those say.
    """
    _require_no_names(networks, names, {"circles": circles, "by": by, "size": size, "label": label})
    nets, people, waves = _which(networks, ego, wave)
    alters = networks.links.net.size
    circles = networks.columns.weight if circles is None else circles
    where = one_circle(alters)
    if circles is not None:
        where = circles_of(networks.alters_column(circles), circles, inner)
    groups: tuple[object, ...] = ()
    group = np.zeros(alters, dtype=np.int64)
    if by is not None:
        found = groups_of(networks.alters_column(by), by)
        groups, group = found.labels, found.codes
        if len(groups) > MOST_GROUPS:
            raise OptionError(
                f"{by!r} has {len(groups)} groups, which would look alike (at most {MOST_GROUPS}): "
                f"{listed(groups)}. Put them into classes first."
            )
    sizes = np.ones(alters)
    ends: tuple[str, ...] = ()
    if size is not None:
        sizes, ends = _scaled(numbers(networks.alters_columns([size]), [size])[:, 0])
    layout = _Layout(networks, where, group, sizes, label, names)
    panels = _panels(networks, layout, nets, people, waves)
    drawn = np.isin(networks.links.net, nets[nets >= 0])
    return Sociogram(
        panels=tuple(panels),
        rings=where.rings,
        groups=groups,
        sizes=ends,
        notes=tuple(_notes(networks, where, drawn, size, sizes)),
    )


class _Layout:
    """What is known of all alters, shape (N,), and how one network is laid out."""

    def __init__(
        self,
        networks: NetworkData,
        where: Circles,
        group: Ints,
        size: Floats,
        label: str | None,
        names: bool,
    ) -> None:
        self.networks, self.where, self.group, self.size = networks, where, group, size
        self.names = names
        self.wave = waves_among(networks, None).codes
        columns = networks.columns
        self.ids = networks.alters_column(columns.alter)
        self.text: pd.Series | None = None
        if names:
            self.text = networks.alters_column(columns.name or columns.alter)
            if columns.name is not None:
                self.text = self.text.where(self.text.notna(), self.ids)
        if label is not None:
            own = networks.alters_column(label).astype(object)
            own = own.map(str).where(own.notna(), "")
            if self.text is not None:
                own = self.text.map(str) + (" (" + own + ")").where(own != "", "")
            self.text = own

    def around(self, person: int) -> tuple[Ints, Ints, Floats]:
        """Return the codes of all alters an ego ever named, their place and direction.

        An alter's sector is that of the group at the first wave that has one.
        """
        links, networks = self.networks.links, self.networks
        rows = np.flatnonzero(networks.person[links.net] == person)
        rows = rows[np.argsort(self.wave[links.net[rows]], kind="stable")]
        # Those with a group first: the first row of each alter is then what counts.
        rows = rows[np.argsort(self.group[rows] < 0, kind="stable")]
        codes, first = np.unique(networks.alter_code[rows], return_index=True)
        rank = np.empty(codes.size, dtype=np.int64)
        rank[natural_order(self.ids.iloc[rows[first]].tolist())] = np.arange(codes.size)
        place, angle = sectors(self.group[rows[first]], rank)
        return codes, place, angle

    def panel(
        self, net: int, around: tuple[Ints, Ints, Floats], *, row: int, column: int, title: str
    ) -> Panel:
        """Lay out one network; -1 is one that isn't there."""
        links = self.networks.links
        rows = np.flatnonzero(links.net == net)
        codes, place, angle = around
        own = np.searchsorted(codes, self.networks.alter_code[rows])
        place, angle = place[own], angle[own]
        radius = self.where.radius[rows] + staggered(place, codes.size, self.where.room)
        text = [""] * rows.size
        if self.text is not None:
            text = [str(value) for value in self.text.iloc[rows]]
        tied = links.net[links.first] == net
        ends = np.stack([links.first[tied], links.second[tied]], axis=1)
        return Panel(
            row=row,
            column=column,
            title=title,
            asked=net >= 0,
            x=radius * np.cos(angle),
            y=radius * np.sin(angle),
            angle=angle,
            group=self.group[rows],
            size=self.size[rows],
            number=place + 1,
            label=tuple(text),
            ties=np.searchsorted(rows, ends),
        )


def _panels(
    networks: NetworkData, layout: _Layout, nets: Ints, people: Ints, waves: list[object]
) -> list[Panel]:
    """Go through the networks to draw, shape (egos, waves)."""
    panels = []
    egos = networks.labels()["ego"]
    # About as wide as high, an ego's waves side by side.
    across = len(waves) * int(np.ceil(np.sqrt(people.size / len(waves))))
    for k, person in enumerate(people):
        around = layout.around(int(person))
        name = f"Ego {k + 1}" if people.size > 1 else ""
        if layout.names:
            name = str(egos.iloc[int(np.flatnonzero(networks.person == person)[0])])
        for w, wave in enumerate(waves):
            at = k * len(waves) + w
            title = ", ".join(part for part in (name, "" if wave is None else str(wave)) if part)
            panels.append(
                layout.panel(
                    int(nets[k, w]), around, row=at // across, column=at % across, title=title
                )
            )
    return panels


def _which(networks: NetworkData, ego: object, wave: object) -> tuple[Ints, Ints, list[object]]:
    """Return the networks to draw, shape (egos, waves), -1 where there is none.

    Raises
    ------
    OptionError
        Egos that are not there, one twice, or none; too many networks.
    WaveError
        Waves that are not there.
    """
    own = networks.labels()["ego"]
    egos = own.unique().tolist()
    wanted = egos if ego is None else as_list(ego)
    absent = [one for one in wanted if one not in egos]
    if absent:
        hints = ", ".join(f"{one!r}{did_you_mean(one, egos)}" for one in absent)
        raise OptionError(f"There is no ego {hints}. Egos there: {listed(egos, most=5)}.")
    if not wanted or len(set(wanted)) < len(wanted):
        raise OptionError(
            "There are no egos to draw."
            if ego is None
            else f"'ego' must be an ego or a list of egos, each once. Got {ego!r}."
        )
    waves = waves_among(networks, wave)
    n_nets = len(wanted) * len(waves.labels)
    if n_nets > MOST_NETWORKS:
        raise OptionError(
            f"{len(wanted):,} egos at {len(waves.labels)} waves are {n_nets:,} pictures: too many "
            f"to read (at most {MOST_NETWORKS}). Name some egos or a wave, or draw averages: "
            "aggregate()."
        )
    found = np.full((len(wanted), len(waves.labels)), -1)
    row = pd.Index(wanted, dtype=object).get_indexer(pd.Index(own, dtype=object))
    used = (row >= 0) & (waves.codes >= 0)
    found[row[used], waves.codes[used]] = np.flatnonzero(used)
    people = np.empty(len(wanted), dtype=np.int64)
    people[row[row >= 0]] = networks.person[row >= 0]
    return found, people, list(waves.labels)


def _scaled(values: Floats) -> tuple[Floats, tuple[str, ...]]:
    """Return sizes from 0, the smallest of all networks, to 1, and what these two are."""
    known = values[~np.isnan(values)]
    if not known.size:
        return values, ()
    low, high = float(known.min()), float(known.max())
    if low == high:
        return np.where(np.isnan(values), np.nan, 1.0), (f"{low:.12g}",)
    return (values - low) / (high - low), (f"{low:.12g}", f"{high:.12g}")


def _notes(
    networks: NetworkData, where: Circles, drawn: np.ndarray, size: str | None, sizes: Floats
) -> list[str]:
    """Say what circles and sizes mean, and what is not known."""
    notes = [where.note] if where.note else []
    if size is not None:
        gaps = int((np.isnan(sizes) & drawn).sum())
        notes.append(f"Size: {size}" + (f"; not known of {gaps}, drawn smallest" if gaps else ""))
    if not networks.has_ties:
        notes.append("Nobody was asked who knows whom: no ties")
    return notes


def _require_no_names(networks: NetworkData, names: bool, options: dict[str, str | None]) -> None:
    """Raise `OptionError` where an option would show who somebody is, and nobody asked for it."""
    if not isinstance(names, bool):
        raise OptionError(f"'names' must be True or False. Got {names!r}.")
    columns = networks.columns
    telling = {columns.ego, columns.alter, columns.name} - {None}
    wrong = [f"{option}={value!r}" for option, value in options.items() if value in telling]
    if wrong:
        raise OptionError(
            f"{', '.join(wrong)} would show ids or names. names=True writes them beside the "
            "alters; pseudonymise() replaces them."
        )
