"""What a cell of a sheet takes, as Excel checks it, and what it shows to who fills it in."""

from __future__ import annotations

from collections.abc import Sequence

from cpeval.errors import OptionError, listed
from cpeval.exporting.asked import Question, code_text
from cpeval.exporting.plain_text import one_line

#: Excel's limits: a list typed into a rule, a title, a message.
_LIST, _TITLE, _MESSAGE = 255, 32, 255


def list_rule(values: Sequence[str]) -> dict[str, object]:
    """Return Excel's rule for a cell that takes some values alone."""
    if len(",".join(values)) > _LIST or any("," in value for value in values):
        raise OptionError(
            f"A drop-down takes values of {_LIST} characters together, without commas. "
            f"Got {listed(values)}; give None for a column that takes any text."
        )
    return {"validate": "list", "source": list(values)}


def code_rule(
    question: Question, place: int, where: tuple[int, int], *, first: int = 2, sheet: str = "codes"
) -> dict[str, object]:
    """Return Excel's rule for a cell: from a list, or a whole number in a range.

    ``first`` is the first row that it is for; a list too long for a rule is taken from column C
    of ``sheet``, rows ``where`` (counted from 0).
    """
    from xlsxwriter.utility import xl_col_to_name

    if question.whole:
        low, high = int(question.low), int(question.high)
        if not question.missing:
            return {"validate": "integer", "criteria": "between", "minimum": low, "maximum": high}
        cell = f"{xl_col_to_name(place)}{first}"
        also = "".join(f",{cell}={code_text(code)}" for code in question.missing)
        within = f"AND({cell}>={low},{cell}<={high},{cell}=INT({cell}))"
        return {"validate": "custom", "value": f"=OR({within}{also})"}
    shown = [code_text(code) for code in question.choices]
    if len(",".join(shown)) <= _LIST:
        return {"validate": "list", "source": shown}
    top, last = where
    return {"validate": "list", "source": f"={sheet}!$C${top + 1}:$C${last + 1}"}


def messages(question: Question, shown: str) -> dict[str, object]:
    """Return what Excel shows beside a cell, and what it says of an entry that it refuses."""
    return {
        "input_title": one_line(f"{question.instrument.name} {question.item.code}")[:_TITLE],
        "input_message": shown if len(shown) <= _MESSAGE else shown[: _MESSAGE - 1] + "\u2026",
        "error_title": "Not a code",
        "error_message": f"Enter {question.span}; or leave it empty."[:_MESSAGE],
    }
