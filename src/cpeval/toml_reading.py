"""TOML that a person wrote, read with errors that a person can act on."""

import re
import tomllib
from pathlib import Path

from cpeval.errors import CpevalError

#: No study or definition that a person writes is this long; a file made to exhaust memory is.
LARGEST = 2_000_000

_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
#: A key of so many parts takes tomllib time that grows with their square.
_LONG_KEY = re.compile(rf"(?:^|[\[{{,])[ \t]*(?:{_KEY}[ \t]*\.[ \t]*){{40}}", re.MULTILINE)


def read_toml(path: str | Path, error: type[CpevalError]) -> dict[str, object]:
    """Read a TOML file.

    Parameters
    ----------
    path : str or pathlib.Path
        UTF-8 text, with or without a byte-order mark, at most 2 MB.
    error : type
        The class to raise, whatever goes wrong.

    Raises
    ------
    error
        The file is absent, a folder, too large, not UTF-8, or not TOML (with the line).
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise error(f"{path}: more than {LARGEST // 1_000_000} MB; is this the right file?")
        text = path.read_text(encoding="utf-8-sig")
        if _LONG_KEY.search(text):
            raise error(f"{path}: nested too deeply.")
        return tomllib.loads(text)
    except CpevalError:
        raise
    except FileNotFoundError:
        raise error(f"There is no file {str(path)!r}.") from None
    except IsADirectoryError:
        raise error(f"{str(path)!r} is a folder; name the file in it.") from None
    except UnicodeDecodeError:
        raise error(f"{path}: save the file as UTF-8 text.") from None
    except OSError as problem:
        raise error(f"{path}: can't be read ({problem.strerror}).") from None
    except RecursionError:
        raise error(f"{path}: nested too deeply.") from None
    except tomllib.TOMLDecodeError as problem:
        raise error(
            f"{path}: this is not TOML: {problem}. Text needs quotes, and a key stands once."
        ) from None
    except ValueError as problem:
        # Python refuses to read numbers of thousands of digits, and names with a zero byte.
        said = "has a zero byte in its name" if "null" in str(problem) else "has a number too long"
        raise error(f"{str(path)!r} {said}.") from None
