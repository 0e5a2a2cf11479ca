"""A file written whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from cpeval.errors import OptionError, OutputError
from cpeval.spreadsheet_safety import require_place


def write_whole(path: str | Path, suffix: str, write: Callable[[Path], object]) -> Path:
    """Write a file beside where it belongs, then rename it; one that was there is replaced.

    Parameters
    ----------
    path : str or pathlib.Path
        In a folder that exists.
    suffix : str
        What its name must end in, such as ``".csv"``.
    write : callable
        Takes the path of the temporary file, which has the same suffix.

    Raises
    ------
    OptionError
        Another suffix.
    OutputError
        No such folder, a folder in its place, or it can't be written. What was there is unchanged.
    """
    path = Path(path)
    if path.suffix.lower() != suffix:
        raise OptionError(f"The file to write should end in {suffix}. Got {str(path)!r}.")
    # In the same folder, since only there a rename is one step.
    temporary = path.with_name(f".{secrets.token_hex(4)}.part{suffix}")
    require_place(path, f"form{suffix}")
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as problem:
        reason = problem.strerror or problem
        raise OutputError(
            f"{str(path)!r} can't be written ({reason}). What was there is unchanged."
        ) from None
    finally:
        temporary.unlink(missing_ok=True)
    return path
