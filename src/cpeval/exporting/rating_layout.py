"""What a rating sheet's writer and reader must agree on: where things stand, and how text does.

A sheet an informant: names of columns in the first row, what is rated in the second, ratings from
the third. The sheet ``definition`` says of which definition, for which informants and columns.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cpeval.definitions.items import Item
from cpeval.definitions.model import Instrument
from cpeval.exporting.asked import code_text
from cpeval.spreadsheet_safety import defused

#: The sheet that the reader looks at first, and the names of its columns.
DEFINITION = "definition"
KEYS = ("key", "value", "sheet")
#: What the first cell of the second row says.
GUIDE = "Ratings begin in row 3."
#: Sheets beside those of informants.
LEVELS, ABOUT = "levels", "about"
#: A column for words, after the items.
REMARK = "remark"
INFORMANT = "informant"
#: How many rows stand above the ratings.
ABOVE = 2

_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_LONGEST_TITLE = 31
#: No cell can hold these, or they would be changed on the way.
_NO_CELL = ("Cc", "Cs", "Zl", "Zp")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What the sheet ``definition`` says.

    ``sheets`` has the title of each informant's sheet; ``texts`` those unit columns whose values
    are text, also where they look like numbers; ``occasions`` is empty when any will do.
    """

    instrument: str
    version: str
    codes: str
    anchors: str
    sheets: dict[str, str]
    units: list[str]
    texts: list[str]
    occasion: str | None
    occasions: list[str]
    assessor: str | None

    @property
    def before(self) -> list[str]:
        """The columns before the items."""
        more = (self.occasion, self.assessor)
        return [*self.units, *(name for name in more if name is not None)]

    def rows(self) -> list[tuple[str, str, str]]:
        """Return the rows of the sheet ``definition``: key, value, sheet."""
        one = [
            ("instrument", self.instrument),
            ("version", self.version),
            ("codes", self.codes),
            ("anchors", self.anchors),
            *(("unit", name) for name in self.units),
            *(("text", name) for name in self.texts),
            *([] if self.occasion is None else [("occasion", self.occasion)]),
            *(("at", value) for value in self.occasions),
            *([] if self.assessor is None else [("assessor", self.assessor)]),
        ]
        return [
            *((key, value, "") for key, value in one),
            *((INFORMANT, name, title) for name, title in self.sheets.items()),
        ]

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[str, str, str]]) -> Layout:
        """Return what rows say; a key that is absent raises `KeyError`."""
        found: dict[str, list[str]] = {}
        sheets: dict[str, str] = {}
        for key, value, title in rows:
            found.setdefault(key, []).append(value)
            if key == INFORMANT:
                sheets[value] = title
        return cls(
            instrument=found["instrument"][0],
            version=found["version"][0],
            codes=found["codes"][0],
            anchors=found["anchors"][0],
            sheets=sheets,
            units=found["unit"],
            texts=found.get("text", []),
            occasion=found.get("occasion", [None])[0],
            occasions=found.get("at", []),
            assessor=found.get("assessor", [None])[0],
        )


def item_column(one: Instrument, item: Item) -> str:
    """Return the column of an item's ratings, as `cpeval.score` looks for it."""
    return f"{one.name}_{item.code}"


def mark_of_codes(one: Instrument) -> str:
    """Return a mark that changes when items or their codes do: ratings then mean something else."""
    said = [
        [item.code, *map(code_text, (*one.answers(item).labels, *one.answers(item).missing_codes))]
        for item in one.items
    ]
    return _mark(repr(said))


def mark_of_anchors(one: Instrument) -> str:
    """Return a mark that changes when what levels look like does."""
    return _mark(repr([sorted(item.anchors.items()) for item in one.items]))


def _mark(text: str) -> str:
    # A letter first: a program would make a number of digits alone, or of 1e5.
    return f"m{zlib.crc32(text.encode()):08x}"


def titles(informants: Sequence[str]) -> dict[str, str]:
    """Return a sheet's title for each informant: the name where Excel takes it, else a number.

    >>> titles(["worker", "peer/carer", "About"])
    {'worker': 'worker', 'peer/carer': 'informant 2', 'About': 'informant 3'}
    """
    taken = {DEFINITION, LEVELS, ABOUT, "history"}
    made: dict[str, str] = {}
    for number, name in enumerate(informants, start=1):
        odd = (
            len(name) > _LONGEST_TITLE
            or _FORBIDDEN.search(name)
            or name.strip("' ") != name
            or name.casefold() in taken
            or any(_astral(c) for c in name)
            or not fits_cell(name)
        )
        made[name] = f"informant {number}" if odd else name
        taken.add(made[name].casefold())
    return made


def _astral(character: str) -> bool:
    """Excel counts such a character as two, programs differ."""
    return ord(character) > 0xFFFF


def fits_cell(text: str) -> bool:
    """Whether a cell holds a text just as it is."""
    return len(text) < 32_767 and not any(
        unicodedata.category(c) in _NO_CELL or c in "\ufffe\uffff" for c in text
    )


def to_cell(text: str) -> str:
    """Return a text so that no spreadsheet runs it, and `from_cell` gives it back.

    >>> [to_cell(text) for text in ("=A1", "'=A1", "a=1")]
    ["'=A1", "''=A1", 'a=1']
    """
    inner = text.lstrip("'")
    return f"'{text}" if defused(inner) != inner else text


def from_cell(text: str) -> str:
    """Return the text that `to_cell` made safe.

    >>> [from_cell(to_cell(text)) for text in ("=A1", "'=A1", "a=1", "'a'")]
    ['=A1', "'=A1", 'a=1', "'a'"]
    """
    inner = text.lstrip("'")
    return text[1:] if text.startswith("'") and defused(inner) != inner else text
