"""A study folder to start from: study.toml with comments, an entry sheet, a README."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from cpeval.definitions.catalogue import instruments as catalogue, resolve
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

    Notes
    -----
    An instrument in use with codings that clash is entered in its standard one, and the study file
    says so. One of goals gets columns for three. A definition of one's own comes along as a file.
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
            to_excel([_as_entered(one) for one in asked], made / "entry.xlsx")
            for one in asked:
                if one.name not in catalogue():
                    one.to_toml(made / f"{one.name}.toml")
            if folder.exists():
                folder.rmdir()
            made.rename(folder)
    except OSError as error:
        raise OutputError(f"{str(folder)!r} can't be made: {error.strerror}.") from None
    return folder / "study.toml"


#: How many columns an instrument of goals gets.
_GOALS = 3


def _as_coded(one: Instrument) -> Instrument:
    """Choose the standard coding, unless one was chosen. The sheet is ours: nothing is guessed."""
    if not one.codings or one.coding is not None:
        return one
    sets = [(r.codings, {code: code for code in r.codes}) for r in one.responses.values()]
    same = (n for n in one.codings if all(c[n] == standard for c, standard in sets if c))
    return one.with_coding(next(same, one.codings[0]))


def _as_entered(one: Instrument) -> Instrument:
    """Return the definition that the entry sheet is made from."""
    coded = _as_coded(one)
    return coded.with_goals(_GOALS) if one.goals is not None and not one.items else coded


def _main_score(one: Instrument) -> str:
    """The first score that isn't the raw form of another: the metric one, or the only one."""
    raw = {scale.of for scale in one.scored}
    main = (scale for scale in one.scored if scale.name not in raw)
    scale = next(main, None)
    return one.column(scale) if scale is not None else f"{one.name}_score"


def _others(one: Instrument) -> str:
    return ", ".join(name for name in one.codings if name != _as_coded(one).coding)


def _template(name: str) -> str:
    return (files("cpeval") / "templates" / name).read_text(encoding="utf-8")


def _study(asked: Sequence[Instrument]) -> str:
    parts = []
    for one in asked:
        columns = f"{one.name}_1, {one.name}_2 …"
        place = "n" if one.goals is not None else "code"
        lines = [f"[instruments.{one.name}] # {one.title}"]
        if one.name not in catalogue():
            lines.append(f'definition = "{one.name}.toml"')
        if one.codings:
            coding = _as_coded(one).coding
            lines.append(f'coding = "{coding}" # as entry.xlsx has it; others: {_others(one)}')
        if any(scale.combine == "value_set" for scale in one.scales):
            sets = ", ".join(one.value_sets)
            lines.append(f'# value_set = "" # choose one: {sets}; or a table of your own')
        waiting = [scale.name for scale in one.scales if scale.items == "key"]
        if waiting:
            lines.append(f'# keys = {{ {waiting[0]} = ["1", "2"] }} # its items, from the paper')
        lines += [
            f'items = "{one.name}_{{{place}}}" # the columns {columns}; or a list of them',
            '# on_invalid = "missing" # treat answers outside the codes as missing',
        ]
        parts.append("\n".join(lines) + "\n")
    primary = _main_score(asked[0])
    text = _template("study.toml")
    return text.replace("@INSTRUMENTS@", "\n".join(parts)).replace("@PRIMARY@", primary)
