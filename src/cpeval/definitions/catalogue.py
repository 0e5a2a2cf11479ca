"""The instruments that ship with cpeval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import pandas as pd

from cpeval.definitions.model import Instrument
from cpeval.errors import DefinitionError, did_you_mean, listed
from cpeval.result import Result


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalogue(Result):
    """The shipped instruments: iterate over it for their names."""

    def __iter__(self) -> Iterator[str]:
        return iter(self.table["name"])

    def __len__(self) -> int:
        return len(self.table)

    def __contains__(self, name: object) -> bool:
        return name in set(self.table["name"])


@cache
def _names() -> tuple[str, ...]:
    folder = files("cpeval") / "instruments"
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


@cache
def _shipped(name: str) -> Instrument:
    return Instrument.from_toml(Path(str(files("cpeval") / "instruments" / f"{name}.toml")))


def instrument(name: str) -> Instrument:
    """Return one of the shipped instruments.

    Parameters
    ----------
    name : str
        Such as ``"ces_d"``; `instruments` lists them.

    Returns
    -------
    Instrument

    Raises
    ------
    DefinitionError
        No such instrument; the message has near misses and the list.

    Examples
    --------
    >>> instrument("swemwbs").columns
    ['swemwbs', 'swemwbs_metric']
    """
    if not isinstance(name, str) or name.endswith(".toml"):
        raise DefinitionError(
            f"cp.instrument() takes one name of the catalogue. Got {name!r}. A file of your own: "
            "cp.Instrument.from_toml(path)."
        )
    if name not in _names():
        raise DefinitionError(
            f"There is no instrument {name!r}{did_you_mean(name, _names())}. "
            f"There are {listed(_names(), most=100)}. Your own: Instrument.from_toml(path)."
        )
    return _shipped(name)


def instruments() -> Catalogue:
    """List the shipped instruments.

    Returns
    -------
    Catalogue
        ``table``: name, title, items, columns, status, licence. Iterates over names.

    Examples
    --------
    >>> "ces_d" in instruments()
    True
    """
    shipped = [_shipped(name) for name in _names()]
    table = pd.DataFrame(
        {
            "name": [one.name for one in shipped],
            "title": [one.title for one in shipped],
            "items": [len(one.items) for one in shipped],
            "columns": [", ".join(one.columns) for one in shipped],
            "status": [one.status for one in shipped],
            "licence": [one.licence.terms for one in shipped],
        }
    )
    doubtful = [one.name for one in shipped if one.status == "provisional"]
    note = "Instruments that ship with cpeval. cp.instrument(name) shows one."
    warnings = (
        (f"Provisional, to be checked before use: {', '.join(doubtful)}.",) if doubtful else ()
    )
    return Catalogue(table=table, note=note, warnings=warnings)


def resolve(which: str | Path | Instrument) -> Instrument:
    """Return an instrument given as itself, a shipped name, or the path of a definition."""
    if isinstance(which, Instrument):
        return which
    if isinstance(which, Path) or str(which).endswith(".toml"):
        return Instrument.from_toml(which)
    return instrument(which)
