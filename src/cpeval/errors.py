"""What cpeval says when it can't go on: one message that names all at fault and what to do."""

import difflib
import numbers
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, ClassVar


class CpevalError(Exception):
    """Base of all errors that cpeval raises on purpose.

    ``exit_code`` is what the command line returns: 1 for problems in the data, 2 for wrong
    use or input that can't be read.
    """

    exit_code: ClassVar[int] = 2


class DataError(CpevalError):
    """The data hold something that no analysis should go over in silence."""

    exit_code: ClassVar[int] = 1


class ColumnError(DataError):
    """Columns are absent, there twice, or not of the kind that is needed."""


class CodeError(DataError):
    """Answers that are not among an instrument's codes."""


class DuplicateError(DataError):
    """Rows that should be one are several: a person twice at a wave, an id twice in a table."""


class WaveError(DataError):
    """The wave column lacks a wave that the study names, or holds others."""


class ArmError(DataError):
    """The arms are not two, or a person is in both."""


class TooFewError(DataError):
    """Too few people, sites or ratings for the statistic."""


class JoinError(DataError):
    """Ids without a partner, or several where one was expected."""


class NetworkError(DataError):
    """Tables of egos, alters and ties that don't fit together."""


class OptionError(CpevalError, ValueError):
    """An argument has a value that the function doesn't take."""


class LevelError(OptionError):
    """A confidence level is not between 0 and 1."""


class StudyError(CpevalError, ValueError):
    """A study, or its ``study.toml``, has mistakes."""


class DefinitionError(CpevalError, ValueError):
    """An instrument's definition has mistakes, or names no instrument."""


class ReadError(CpevalError):
    """A file can't be read as what it says it is."""


class OutputError(CpevalError):
    """A file or folder can't be written."""


class MissingLibraryError(CpevalError, ImportError):
    """A library that an optional part needs is not installed."""


class CpevalWarning(UserWarning):
    """Base of all warnings that cpeval gives."""


class ProvisionalWarning(CpevalWarning):
    """Something about an instrument was not verified: its scoring, or a set of bands."""


def listed(values: Iterable[object], *, most: int = 20) -> str:
    """Quote values for a message, all of them up to ``most``, then say how many more.

    >>> listed(["a", 2, "b c"])
    "'a', 2, 'b c'"
    >>> listed(range(30), most=3)
    '0, 1, 2 and 27 more'
    """
    rows = [repr(_plain(value)) for value in values]
    rest = len(rows) - most
    return ", ".join(rows[:most]) + (f" and {rest} more" if rest > 0 else "")


def _plain(value: object) -> object:
    """Numpy scalars as Python's own, whole floats as integers, dates as text: they read well."""
    if isinstance(value, date):
        return str(value).removesuffix(" 00:00:00")
    item = getattr(value, "item", None)
    plain = item() if callable(item) and getattr(value, "shape", None) == () else value
    return int(plain) if isinstance(plain, float) and plain.is_integer() else plain


def did_you_mean(name: object, options: Iterable[object]) -> str:
    """Return `` (did you mean 'x'?)`` with the nearest option, or nothing.

    >>> did_you_mean("basline", ["baseline", "wave"])
    " (did you mean 'baseline'?)"
    >>> did_you_mean("zzz", ["baseline"])
    ''
    """
    texts = {str(option): option for option in options}
    folded = {text.casefold(): text for text in texts}
    near = difflib.get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.6)
    return f" (did you mean {_plain(texts[folded[near[0]]])!r}?)" if near else ""


def require_columns(columns: Sequence[str], *names: str | None, what: str = "The data") -> None:
    """Raise one `ColumnError` that names every absent column, near misses, and those there.

    ``None`` among ``names`` is passed over, so that optional roles can be given as they are.

    Raises
    ------
    ColumnError
        A name is not among ``columns``, or ``columns`` hold one name twice.
    """
    twice = sorted({str(name) for name in columns if list(columns).count(name) > 1})
    if twice:
        raise ColumnError(
            f"{what} have more than one column named {listed(twice)}. "
            "Rename or delete the ones that are not meant."
        )
    absent = [name for name in dict.fromkeys(names) if name is not None and name not in columns]
    if absent:
        hints = ", ".join(f"{name!r}{did_you_mean(name, columns)}" for name in absent)
        noun = "column" if len(absent) == 1 else "columns"
        raise ColumnError(f"{what} have no {noun} {hints}. Columns there: {listed(columns)}.")


def require_level(level: float) -> None:
    """Raise `LevelError` unless ``level`` is a number between 0 and 1."""
    if not is_number(level) or not 0 < level < 1:
        raise LevelError(
            f"The 'level' of an interval must be between 0 and 1, such as 0.95. Got {level!r}."
        )


def is_number(value: object) -> bool:
    """Whether it is a real number, Python's or numpy's; true and false are none.

    >>> is_number(0.5), is_number(True), is_number("1")
    (True, False, False)
    """
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def require_whole(name: str, value: Any, *, least: int) -> None:  # noqa: ANN401
    """Raise `OptionError` unless ``value`` is a whole number, Python's or numpy's, from ``least``.

    >>> require_whole("draws", 100, least=1)
    """
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < least:
        raise OptionError(f"{name!r} must be a whole number from {least}. Got {value!r}.")


def require_alpha(alpha: float) -> None:
    """Raise `OptionError` unless ``alpha`` is a number between 0 and 1."""
    if not is_number(alpha) or not 0 < alpha < 1:
        raise OptionError(f"'alpha' must be between 0 and 1, such as 0.05. Got {alpha!r}.")


def require_share(name: str, value: float, *, least: float = 0.0) -> None:
    """Raise `OptionError` unless ``value`` is a number from ``least`` up to, not with, 1."""
    if not is_number(value) or not least <= value < 1:
        raise OptionError(f"{name!r} must be a number from {least:g} to below 1. Got {value!r}.")


def require_option(name: str, value: Any, options: Sequence[object]) -> None:  # noqa: ANN401
    """Raise `OptionError` unless ``value`` is one of ``options``."""
    if value not in options:
        raise OptionError(
            f"{name!r} must be one of {listed(options)}. "
            f"Got {value!r}{did_you_mean(value, options)}."
        )
