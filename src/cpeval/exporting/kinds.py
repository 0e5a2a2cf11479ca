"""The kinds of file by name, as the command line takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument
from cpeval.errors import OptionError, require_option
from cpeval.exporting.codebook import codebook
from cpeval.exporting.entry_sheet import to_excel
from cpeval.exporting.exported import Exported
from cpeval.exporting.limesurvey import to_limesurvey
from cpeval.exporting.qualtrics import to_qualtrics
from cpeval.exporting.redcap import to_redcap
from cpeval.exporting.toml_text import to_toml
from cpeval.exporting.xlsform import to_xlsform

_FORMS: dict[str, tuple[Callable[..., Exported], str]] = {
    "redcap": (to_redcap, ".csv"),
    "xlsform": (to_xlsform, ".xlsx"),
    "excel": (to_excel, ".xlsx"),
    "qualtrics": (to_qualtrics, ".txt"),
    "limesurvey": (to_limesurvey, ".txt"),
}
#: Every kind, with the suffix of the file.
KINDS = {
    **{kind: suffix for kind, (_, suffix) in _FORMS.items()},
    "codebook": ".xlsx",
    "toml": ".toml",
}


def export_as(
    kind: str,
    names: Sequence[str | Path | Instrument],
    out: Path | None = None,
    *,
    coding: str | None = None,
    goals: int | None = None,
    prefix: str = "",
) -> tuple[Path, list[str]]:
    """Write a file of a kind.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    names : sequence
        The instruments.
    out : pathlib.Path, optional
        Without it, ``<names>_<kind>`` in the current folder.
    coding, goals : optional
        For those instruments that take them; the others are as they are.
    prefix : str, optional
        Put before the names of a form's columns.

    Returns
    -------
    pathlib.Path
    list of str
        What whoever asked should know.

    Raises
    ------
    OptionError
        No such kind; no instrument; a coding, number of goals or prefix that nothing takes;
        several instruments in a definition; another suffix.
    OutputError
        The file can't be written.
    DefinitionError
        No such instrument.
    """
    require_option("export", kind, list(KINDS))
    if not names:
        raise OptionError("Name the instruments to export. cpeval instruments lists them.")
    given = [resolve(one) for one in names]
    if coding is not None:
        if not any(one.codings for one in given):
            raise OptionError(f"{given[0].name} has one coding alone, so it takes no coding=.")
        given = [one.with_coding(coding) if one.codings else one for one in given]
    if goals is not None:
        if all(one.goals is None for one in given):
            raise OptionError(f"{given[0].name} has items, not goals, so it takes no goals=.")
        if goals < 1:
            raise OptionError(f"There should be one goal or more. Got goals={goals}.")
        given = [one.with_goals(goals) if one.goals is not None else one for one in given]
    if prefix and kind not in _FORMS:
        raise OptionError(f"prefix= is for forms, and {kind} is none.")
    called = "_".join(one.name for one in given)
    path = Path(f"{called}_{kind}{KINDS[kind]}") if out is None else out
    if kind == "toml":
        if len(given) > 1:
            raise OptionError("A definition holds one instrument. Name one.")
        return to_toml(given[0], path), []
    if kind == "codebook":
        book = codebook(given)
        return book.write(path), list(book.warnings)
    done = _FORMS[kind][0](given, path, prefix=prefix)
    return done.path, list(done.warnings)
