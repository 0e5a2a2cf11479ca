"""Several files into a folder, all or none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cpeval.errors import OutputError


@dataclass(frozen=True)
class Folder:
    """Where files are made, and where they go."""

    making: Path
    out: Path


@contextmanager
def published(out: str | Path, names: Sequence[str]) -> Iterator[Folder]:
    """Give a folder to make files in, and put them all in place at the end, or none.

    Parameters
    ----------
    out : str or pathlib.Path
        Where the files go. Made when absent; removed again if it was, and making fails.
    names : sequence of str
        The files that must be there at the end. Other files in ``out`` are left alone.

    Yields
    ------
    Folder
        ``making``, a hidden folder within ``out``: on one file system with it, even where
        ``out`` is mounted from elsewhere, so that moving is renaming.

    Raises
    ------
    OutputError
        ``out`` is a file or can't be written, or a folder stands where a file should go.
    """
    target = Path(out)
    try:
        new = [folder for folder in (target, *target.parents) if not folder.exists()]
        target.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=".cpeval-", dir=target))
    except FileExistsError:
        raise OutputError(f"{str(target)!r} is a file; name a folder for the report.") from None
    except NotADirectoryError:
        raise OutputError(
            f"A part of {str(target)!r} is a file, so no folder can be made there. Name another."
        ) from None
    except (OSError, ValueError) as problem:
        raise _refused(target, problem) from None
    done = False
    try:
        yield Folder(making=making, out=target)
        _place(making, target, names)
        done = True
    except OSError as problem:
        raise _refused(target, problem) from problem
    finally:
        shutil.rmtree(making, ignore_errors=True)
        for folder in new if not done else ():
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def _place(making: Path, target: Path, names: Sequence[str]) -> None:
    """Rename files into place; if one can't be, put back those that were there."""
    blocked = [name for name in names if (target / name).is_dir()]
    if blocked:
        raise OutputError(
            f"In {str(target)!r} a folder stands where a file should go: {', '.join(blocked)}. "
            "Rename it, or name another folder for the report."
        )
    before = making / "before"
    before.mkdir()
    placed: list[str] = []
    try:
        for name in names:
            if (target / name).exists():
                (target / name).rename(before / name)
            placed.append(name)
            (making / name).rename(target / name)
    except OSError:
        for name in placed:
            (target / name).unlink(missing_ok=True)
            if (before / name).exists():
                (before / name).rename(target / name)
        raise


def _refused(target: Path, problem: OSError | ValueError) -> OutputError:
    reason = problem.strerror if isinstance(problem, OSError) else str(problem)
    return OutputError(
        f"The report can't be written to {str(target)!r} ({reason or problem}). Check that the "
        "disk has room and that you may write there and that no file there is open elsewhere, "
        "or name another folder. Files there are as they were."
    )
