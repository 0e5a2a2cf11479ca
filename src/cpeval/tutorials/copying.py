"""The lessons, copied to a folder where a student works in them."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cpeval.errors import OutputError
from cpeval.shipped import shipped_folder


@dataclass(frozen=True)
class Copied:
    """What `copy_lessons` did.

    Attributes
    ----------
    new : tuple of str
        The files copied, relative to the folder.
    kept : tuple of str
        Those that were there already, and were left as they are.
    """

    new: tuple[str, ...]
    kept: tuple[str, ...]


def copy_lessons(folder: str | Path) -> Copied:
    """Copy the tutorials to a folder to work in.

    What is there already stays as it is, so that nobody's answers are lost.

    Parameters
    ----------
    folder : path
        Made when absent.

    Returns
    -------
    Copied
        Which files are new, and which were kept.

    Raises
    ------
    OutputError
        The folder can't be made or written to, or is a file, or holds cpeval's own lessons.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> "README.md" in copy_lessons(folder).new
    True
    >>> copy_lessons(folder).new
    ()
    """
    source, target = shipped_folder("tutorials"), Path(folder)
    if not source.is_dir():
        raise OutputError(
            "The tutorials are not part of this installation. Install cpeval again from PyPI or "
            "from its source."
        )
    if target.exists() and not target.is_dir():
        raise OutputError(f"{str(target)!r} is a file. Name a folder for the tutorials.")
    if target.resolve() == source.resolve():
        raise OutputError(
            f"{str(target)!r} holds cpeval's own lessons. Name another folder to work in."
        )
    new, kept = [], []
    for file in sorted(path for path in source.rglob("*") if _part_of_lessons(path, source)):
        place = file.relative_to(source)
        if (target / place).exists():
            kept.append(place.as_posix())
            continue
        try:
            _copy(file, target / place)
        except OSError as error:
            raise OutputError(
                f"{str(target / place)!r} can't be written: {error.strerror or error}. Name "
                "another folder, or ask who manages this one."
            ) from None
        new.append(place.as_posix())
    return Copied(tuple(new), tuple(kept))


def _part_of_lessons(path: Path, source: Path) -> bool:
    """Leave out what Jupyter and Python put beside the lessons."""
    names = path.relative_to(source).parts
    return path.is_file() and not any(name.startswith((".", "__")) for name in names)


def _copy(file: Path, target: Path) -> None:
    """Copy to a temporary file, then rename."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".copying-")
    os.close(handle)
    try:
        shutil.copyfile(file, temporary)
        # mkstemp makes files that only their owner reads; a copy is as readable as any new file.
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)
