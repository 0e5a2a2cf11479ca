"""`NetworkData`: the three tables of personal networks, checked, and what makes others of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from html import escape
from typing import Self

import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import OptionError, require_columns
from cpeval.networks.blocks import Ints, Links
from cpeval.networks.cautions import cut_off
from cpeval.networks.network_tables import Columns, NetworkTables, coded, pandas_tables
from cpeval.seeds import Seed


class NetworkData:
    """Egos, alters and ties as given, and as arrays: see `EgoNetworks`."""

    def __init__(
        self,
        egos: IntoDataFrame,
        alters: IntoDataFrame,
        ties: IntoDataFrame | None = None,
        *,
        ego: str = "ego",
        alter: str = "alter",
        source: str = "source",
        target: str = "target",
        wave: str | None = None,
        weight: str | None = None,
        name: str | None = None,
        kind: str | None = None,
        importance: str | None = None,
    ) -> None:
        self.columns = Columns(
            ego=ego,
            alter=alter,
            source=source,
            target=target,
            wave=wave,
            weight=weight,
            name=name,
            kind=kind,
            importance=importance,
        )
        self._tables = pandas_tables(egos, alters, ties, self.columns)
        found = coded(self._tables, self.columns)
        self.links: Links = found.links
        self.person: Ints = found.person
        self.alter_code: Ints = found.alter
        self.has_ties: bool = self._tables.ties is not None
        self.warnings: tuple[str, ...] = tuple(cut_off(self.links.size))

    def __len__(self) -> int:
        """Return the number of networks: egos, or egos by waves."""
        return len(self._tables.egos)

    def __repr__(self) -> str:
        """Say how many networks, alters and ties there are."""
        counts = f"{len(self):,} networks"
        if self.columns.wave is not None:
            n_egos = int(self.person.max(initial=-1)) + 1
            waves = self._tables.egos[self.columns.wave].nunique()
            counts += f" of {n_egos:,} egos at {waves} waves"
        ties = f"{self.links.first.size:,} ties" if self.has_ties else "ties not asked for"
        return f"{type(self).__name__}: {counts}, {self.links.net.size:,} alters, {ties}"

    def _repr_html_(self) -> str:
        warnings = "".join(f"<p><strong>Warning:</strong> {escape(w)}</p>" for w in self.warnings)
        return f"<p>{escape(repr(self))}</p>{warnings}"

    def __add__(self, other: Self) -> Self:
        """Put the networks of two sources together.

        Raises
        ------
        OptionError
            Their columns have other names.
        NetworkError
            An ego (and wave) is in both; only one has ties; attributes that only one has.
        """
        if not isinstance(other, NetworkData):
            return NotImplemented
        from cpeval.networks.merging import stacked

        return self._like(stacked(self, other))

    def _like(self, tables: NetworkTables) -> Self:
        """Make networks of other tables with the same columns."""
        return type(self)(*tables, **vars(self.columns))

    def labels(self) -> pd.DataFrame:
        """Return who each network is of: ego and, with waves, wave; shape (G, 1 or 2)."""
        labels = self._tables.egos[self.columns.network].copy()
        labels.columns = pd.Index(["ego", "wave"][: labels.shape[1]])
        return labels

    def egos_column(self, name: str) -> pd.Series:
        """Return the column ``name`` of the egos, shape (G,).

        Raises
        ------
        ColumnError
            There is none.
        """
        require_columns(list(self._tables.egos.columns), name, what="The egos")
        return self._tables.egos[name]

    def alters_column(self, name: str) -> pd.Series:
        """Return the column ``name`` of the alters, shape (N,).

        Raises
        ------
        ColumnError
            There is none.
        """
        return self.alters_columns([name])[name]

    def alters_columns(self, names: list[str]) -> pd.DataFrame:
        """Return the columns ``names`` of the alters, shape (N, k).

        Raises
        ------
        ColumnError
            Some are absent; the message names all.
        """
        require_columns(list(self._tables.alters.columns), *names, what="The alters")
        return self._tables.alters[names]

    def to_tables(self) -> NetworkTables:
        """Return copies of the three tables, in pandas, with all their columns.

        Returns
        -------
        NetworkTables
            ``egos``, ``alters``, ``ties`` (None where there is none).
        """
        egos, alters, ties = self._tables
        return NetworkTables(egos.copy(), alters.copy(), None if ties is None else ties.copy())

    def tables_of(self, net: int) -> NetworkTables:
        """Return copies of the rows of one network alone, which has the number ``net``."""
        egos, alters, ties = self._tables
        links = self.links
        own = None if ties is None else ties.loc[links.net[links.first] == net].copy()
        return NetworkTables(egos.iloc[[net]].copy(), alters.loc[links.net == net].copy(), own)

    def kind_column(self) -> str:
        """Return the column of alters that says what they are.

        Raises
        ------
        OptionError
            None was named.
        """
        if self.columns.kind is None:
            raise OptionError(
                "Name a column of the alters, or give kind= when the networks are made: the "
                "column that says what they are, such as people, places and activities."
            )
        return self.columns.kind

    def select(
        self,
        *,
        egos: Mapping[str, object] | None = None,
        alters: Mapping[str, object] | None = None,
    ) -> Self:
        """Take some of the networks, or some of the alters in each.

        Parameters
        ----------
        egos : mapping, optional
            Column of the egos to a value or list of values: ``{"wave": "t0"}``.
        alters : mapping, optional
            The same of alters: ``{"kind": "person"}``. Ties among those that stay, stay; egos
            without such alters stay with size 0.

        Returns
        -------
        EgoNetworks

        Raises
        ------
        ColumnError
            Columns that are absent.
        OptionError
            Nothing to select by, or values that no row has.
        """
        from cpeval.networks.merging import selected

        return self._like(selected(self, egos, alters))

    def pseudonymise(
        self, seed: Seed = None, *, drop: Collection[str] = (), keep: Collection[str] = ()
    ) -> Self:
        """Replace ids and names of egos and alters, in all tables alike.

        Parameters
        ----------
        seed : int or numpy Generator, optional
            The same seed gives the same tables the same pseudonyms: whoever has both can tell
            who is who. Without one, nobody can.
        drop : collection of str, optional
            Columns to leave out, such as notes.
        keep : collection of str, optional
            Columns that look as if they held names, and don't.

        Returns
        -------
        EgoNetworks
            Egos are E001 and so on, alters A0001; rows are in their order, so that the order tells
            nothing. The same alter of one ego keeps its pseudonym between waves; of two egos it has
            two. Attributes stay: together they may still tell who somebody is.

        Raises
        ------
        DataError
            Other columns of text that hold an id, or more than 20 values most of which stand once.
        OptionError, ColumnError
            What to drop or keep is needed, absent, or both.
        """
        from cpeval.networks.pseudonyms import pseudonymised

        return self._like(pseudonymised(self, seed, drop=drop, keep=keep))
