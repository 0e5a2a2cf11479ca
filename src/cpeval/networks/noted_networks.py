"""`NotedNetworks`: networks that remember what was odd about the file they came from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from cpeval.networks.network_data import NetworkData
from cpeval.networks.network_tables import NetworkTables


class NotedNetworks(NetworkData):
    """`NetworkData` whose warnings go along to what is made of it: see `EgoNetworks`."""

    _notes: tuple[str, ...] = ()

    def noted(self, notes: Iterable[str]) -> Self:
        """Add to the warnings, once each, and return the networks themselves."""
        new = [note for note in dict.fromkeys(notes) if note not in self._notes]
        self._notes = (*self._notes, *new)
        self.warnings = (*self.warnings, *new)
        return self

    def _like(self, tables: NetworkTables) -> Self:
        return super()._like(tables).noted(self._notes)

    def __add__(self, other: Self) -> Self:
        """Put the networks of two sources together: see `NetworkData`."""
        made = super().__add__(other)
        if made is NotImplemented:
            return made
        return made.noted(other._notes)
