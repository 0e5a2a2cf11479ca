"""Where things stand in the form for one network: what writes it and what reads it agree here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: The sheets of the form.
EGO, ALTERS, TIES, CHOICES = "ego", "alters", "ties", "choices"
#: The first columns of ``alters``.
NUMBER, NAME = "number", "name"
#: The rows of ``ego``, whose answers are in the second column.
ROWS = ("ego", "wave")
#: How many people a form takes at most: a table of ties for more is not to be filled in.
MOST = 60
#: What is asked about each person unless said otherwise, and the answers to choose from.
ATTRIBUTES: Mapping[str, Sequence[object] | None] = {
    "relation": ["partner", "family", "friend", "neighbour", "colleague", "professional", "other"],
    "gender": ["female", "male", "other"],
    "closeness": [1, 2, 3, 4, 5],
}


def address(row: int, column: int) -> str:
    """Name a cell as Excel does, from its row and column counted from 0.

    >>> address(1, 27)
    'AB2'
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"
