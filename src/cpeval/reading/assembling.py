"""What ``[data]`` in ``study.toml`` says, as one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from cpeval.errors import (
    ColumnError,
    JoinError,
    OptionError,
    ReadError,
    listed,
    require_columns,
)
from cpeval.reading.file_kinds import existing_file
from cpeval.reading.files import empty_codes, read
from cpeval.reading.joining import join
from cpeval.reading.missing_codes import Code, checked
from cpeval.reading.origin import Part, origin_of, signed
from cpeval.reading.redcap import read_redcap
from cpeval.reading.stacking import as_text, kind_of, stack
from cpeval.reading.wave_columns import whole_numbers
from cpeval.reading.wide import read_wide


class SourceFile(NamedTuple):
    """A file that was read, and the size of the table in it."""

    name: str
    path: Path
    n_rows: int
    n_columns: int


def read_table(spec: Mapping[str, Any], folder: Path) -> tuple[pd.DataFrame, list[SourceFile]]:
    """Read and assemble the data that a study file describes.

    Parameters
    ----------
    spec : mapping
        ``file``, or ``files`` (wave: file, stacked with a wave column); ``format`` ("long",
        "wide" or "redcap"); ``missing``, ``sheet``, ``decimal`` as in `cpeval.read`; ``wide``
        (pattern, waves); ``redcap`` (events, record, person_columns, instruments, repeat);
        ``wave``, the name of the wave column; ``spare``, columns that ``"*"`` among the missing
        codes doesn't mean, as a person whose id is 99 isn't missing; ``join``, a list of tables
        with ``file``, ``on``, ``expect``, ``unmatched``, ``missing``, ``sheet``, ``decimal``. In
        a join the table so far is the left one and the file the right one; ``expect`` is
        "many-to-one" unless given.
    folder : pathlib.Path
        What the paths of files are relative to.

    Returns
    -------
    data : pandas.DataFrame
        ``attrs`` hold what `cpeval.read`, `cpeval.read_wide`, `cpeval.read_redcap` and
        `cpeval.join` say; for ``files``, ``attrs["stacked"]``: files (wave: name), filled
        (column: waves without it), n_rows (wave: rows).
    sources : list of SourceFile
        The files in the order that they were read.

    Raises
    ------
    ReadError
        A file is absent (all such are named, with near misses) or can't be read.
    ColumnError
        Files stacked by wave have a wave column already, or differ in what a column holds.
    JoinError, OptionError, DuplicateError, DataError
        As the functions named above.
    """
    paths = _paths(spec, Path(folder))
    sources: list[SourceFile] = []
    if "files" in spec:
        data = _stacked(spec, paths, sources)
    else:
        data = _one(spec, paths[spec["file"]], sources)
    for other in spec.get("join") or ():
        data = _with(data, other, paths[other["file"]], sources)
    return data, sources


def _paths(spec: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """Return the path of each file that is named; one error names every file that isn't there."""
    names = [*(spec["files"].values() if "files" in spec else [spec["file"]])]
    names += [other["file"] for other in spec.get("join") or ()]
    found: dict[str, Path] = {}
    problems: list[str] = []
    for name in dict.fromkeys(names):
        try:
            found[name] = existing_file(folder / name)
        except ReadError as problem:
            problems.append(str(problem))
    if problems:
        raise ReadError("\n".join(problems))
    return found


def _options(spec: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: spec[name] for name in names if spec.get(name) is not None}


def _noted(path: Path, data: pd.DataFrame) -> SourceFile:
    """Return the file with the size of its own table, whatever was made of it."""
    taken = data.attrs["read"]
    return SourceFile(path.name, path, taken["n_rows"], taken["n_columns"])


def _one(spec: Mapping[str, Any], path: Path, sources: list[SourceFile]) -> pd.DataFrame:
    kind = spec.get("format") or "long"
    wave: dict[str, Any] = {"wave": spec.get("wave") or "wave"}
    if kind not in ("long", "wide", "redcap"):
        raise OptionError(f"'format' must be one of 'long', 'wide', 'redcap'. Got {kind!r}.")
    data = read(path, **_options(spec, "sheet", "decimal"))
    sources.append(_noted(path, data))
    codes = _sparing(spec, spec.get("spare") or (), list(data.columns))
    if kind == "wide":
        how = _options(spec.get("wide") or {}, "pattern", "waves")
        return read_wide(data, **how, **wave, missing=codes)
    if kind == "redcap":
        names = ("events", "record", "person_columns", "instruments", "repeat")
        how = _options(spec.get("redcap") or {}, *names)
        return read_redcap(data, **how, **wave, missing=codes)
    return _emptied(data, codes, path.name)


def _sparing(
    spec: Mapping[str, Any], spare: Sequence[str], columns: Sequence[str]
) -> dict[str, list[Code]]:
    """Return the missing codes; those for all columns don't mean ids."""
    codes = checked(spec.get("missing"))
    ids = [c for c in spare if c in columns and c not in codes]
    return {**codes, **{c: [] for c in ids}} if codes else {}


def _emptied(data: pd.DataFrame, codes: dict[str, list[Code]], name: str) -> pd.DataFrame:
    if not codes:
        return data
    origin = origin_of(data)
    made, noted = empty_codes(data, codes, data.attrs["read"], what=name)
    made.attrs = {**data.attrs, "read": noted}
    if origin is not None:
        made.attrs["origin"] = signed(made, origin.parts)
    return made


def _with(
    data: pd.DataFrame, spec: Mapping[str, Any], path: Path, sources: list[SourceFile]
) -> pd.DataFrame:
    on = spec["on"]
    keys = [on] if isinstance(on, str) else list(on.values()) if isinstance(on, Mapping) else on
    other = read(path, **_options(spec, "sheet", "decimal"))
    other = _emptied(other, _sparing(spec, keys, list(other.columns)), path.name)
    sources.append(_noted(path, other))
    how = {"expect": "many-to-one", **_options(spec, "expect", "unmatched")}
    try:
        return join(data, other, on=on, **how)
    except JoinError as problem:
        raise JoinError(
            f"Joining {path.name} (the right table) to the data so far (the left one): {problem}"
        ) from None


def _stacked(
    spec: Mapping[str, Any], paths: Mapping[str, Path], sources: list[SourceFile]
) -> pd.DataFrame:
    """Stack one file a wave, with a column that says which."""
    files: Mapping[str, str] = spec["files"]
    if (spec.get("format") or "long") != "long":
        raise OptionError("'files' are one a wave, stacked as they are: 'format' must be 'long'.")
    wave = spec.get("wave") or "wave"
    waves = dict(zip(files, whole_numbers(list(files)), strict=True))
    parts = {
        w: read(paths[name], **_options(spec, "sheet", "decimal")) for w, name in files.items()
    }
    sources += [_noted(paths[files[w]], part) for w, part in parts.items()]
    twice = [paths[files[w]].name for w, part in parts.items() if wave in part]
    if twice:
        raise ColumnError(
            f"{listed(twice)}: there is a column {wave!r} already, which 'files' is to make. "
            "Delete it from the files, or name them in 'file' and 'join'."
        )
    columns = list(dict.fromkeys(c for part in parts.values() for c in part.columns))
    parts = _without_codes(parts, _sparing(spec, spec.get("spare") or (), columns), columns)
    _require_one_kind(parts, {w: paths[name].name for w, name in files.items()}, columns)
    lengths = [len(part) for part in parts.values()]
    made = {c: stack([part.get(c) for part in parts.values()], lengths)[0] for c in columns}
    times = pd.Series(np.repeat(np.array(list(waves.values()), dtype=object), lengths))
    data = pd.DataFrame({columns[0]: made[columns[0]], wave: times.infer_objects(), **made})
    first = next(iter(parts.values())).attrs
    origins = [_whole(part) for part in parts.values()]
    data.attrs = {
        **{k: v for k, v in first.items() if k != "read"},
        "read": first["read"],
        "origin": signed(data, [_one_below_another(origins, lengths)]),
        "labels": _merged(parts, "labels"),
        "value_labels": _merged(parts, "value_labels"),
        "stacked": {
            "files": {waves[w]: paths[name].name for w, name in files.items()},
            "filled": {
                c: absent
                for c in columns
                if (absent := [waves[w] for w, part in parts.items() if c not in part])
            },
            "n_rows": {waves[w]: n for w, n in zip(parts, lengths, strict=True)},
            "read": {waves[w]: part.attrs["read"] for w, part in parts.items()},
        },
    }
    return data


def _whole(part: pd.DataFrame) -> Part:
    """Return where the rows of a file come from, as it was read."""
    origin = origin_of(part)
    if origin is None:  # Reading signs every table.
        raise ReadError(f"{part.attrs['read']['file']}: the table was changed while it was read.")
    return origin.parts[0]


def _one_below_another(parts: Sequence[Part], lengths: Sequence[int]) -> Part:
    return Part(
        files=[part.files[0] for part in parts],
        file=np.repeat(np.arange(len(parts)), lengths),
        row=np.concatenate([part.row for part in parts]),
    )


def _without_codes(
    parts: Mapping[str, pd.DataFrame], codes: Mapping[str, list[Code]], columns: list[str]
) -> dict[str, pd.DataFrame]:
    """Empty the cells with codes; a column with codes of its own need not be in every file."""
    require_columns(columns, *(c for c in codes if c != "*"), what="The files of the waves")
    made = {}
    for wave, part in parts.items():
        own = {c: given for c, given in codes.items() if c == "*" or c in part}
        made[wave] = _emptied(part, own, part.attrs["read"]["file"])
    return made


def _merged(parts: Mapping[str, pd.DataFrame], name: str) -> dict[str, Any]:
    """Return labels by column, the first wave's where waves differ."""
    together: dict[str, Any] = {}
    for part in parts.values():
        together = {**part.attrs.get(name, {}), **together}
    return together


def _require_one_kind(
    parts: Mapping[str, pd.DataFrame], names: Mapping[str, str], columns: list[str]
) -> None:
    """Refuse a column that is text in one file and numbers in another: ids would not match."""
    wrong = []
    for column in columns:
        kinds = {
            w: kind
            for w, part in parts.items()
            if column in part and (kind := kind_of(part[column]))
        }
        if len(set(kinds.values())) > 1:
            said = []
            for w, kind in kinds.items():
                cells = as_text(parts[w][column]).dropna()
                if kind == "text":
                    words = cells[pd.to_numeric(cells, errors="coerce").isna()]
                    cells = words if len(words) else cells
                said.append(f"{kind} in {names[w]} (such as {listed(cells.unique(), most=3)})")
            wrong.append(f"- {column!r}: {', '.join(said)}")
    if wrong:
        raise ColumnError(
            "The files of the waves differ in what a column holds:\n" + "\n".join(wrong) + "\n"
            "Correct the cells, or declare words for missing answers in 'missing'."
        )
