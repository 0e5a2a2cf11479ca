"""A study folder to start from: study.toml with comments, an entry sheet, a README."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument
from cpeval.errors import OutputError
from cpeval.exporting.entry_sheet import to_excel


def start(folder: str | Path, instruments: Sequence[str | Instrument] = ("swemwbs",)) -> Path:
    """Make a folder with ``study.toml``, ``entry.xlsx`` and ``README.md``.

    Parameters
    ----------
    folder : str or pathlib.Path
        Must not exist yet, or be empty.
    instruments : sequence of str or Instrument
        What people are asked. The first one's first score is the primary outcome.

    Returns
    -------
    pathlib.Path
        The study file.

    Raises
    ------
    OutputError
        The folder has files already, or can't be made.
    DefinitionError
        No such instrument.
    OptionError
        An instrument needs something said first, such as its coding.
    """
    folder = Path(folder)
    asked = [resolve(one) for one in instruments]
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{str(folder)!r} has files already. Name a folder that is new or empty.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".cpeval-") as parent:
            made = Path(parent) / "study"
            made.mkdir()
            (made / "study.toml").write_text(_study(asked), encoding="utf-8")
            (made / "README.md").write_text(_template("README.md"), encoding="utf-8")
            to_excel(asked, made / "entry.xlsx")
            if folder.exists():
                folder.rmdir()
            made.rename(folder)
    except OSError as error:
        raise OutputError(f"{str(folder)!r} can't be made: {error.strerror}.") from None
    return folder / "study.toml"


def _template(name: str) -> str:
    return (files("cpeval") / "templates" / name).read_text(encoding="utf-8")


def _study(asked: Sequence[Instrument]) -> str:
    parts = []
    for one in asked:
        columns = f"{one.name}_1, {one.name}_2 …"
        parts.append(
            f"[instruments.{one.name}] # {one.title}\n"
            f'items = "{one.name}_{{code}}" # the columns {columns}; or a list of them\n'
            '# on_invalid = "missing" # treat answers outside the codes as missing\n'
        )
    primary = asked[0].columns[-1] if asked[0].name == "swemwbs" else asked[0].columns[0]
    text = _template("study.toml")
    return text.replace("@INSTRUMENTS@", "\n".join(parts)).replace("@PRIMARY@", primary)
