"""Sentences about a count: one row was left out, two rows were."""

from __future__ import annotations

import re

#: ``[s]`` or ``[was|were]``: for one, and for any other number.
_EITHER = re.compile(r"\[([^\[\]|]*)(?:\|([^\[\]|]*))?\]")


def counted(n: int, template: str, **values: object) -> str:
    """Say a sentence about ``n`` things so that it agrees with the number.

    Parameters
    ----------
    n : int
    template : str
        The sentence, with ``{n}`` for the number; ``[s]`` stands for an ending that one thing
        doesn't have, ``[was|were]`` for a word with two forms.
    **values : object
        What stands in other braces; brackets in these mean nothing.

    Examples
    --------
    >>> counted(1, "{n} row[s] without {by!r} [was|were] left out.", by="team [s]")
    "1 row without 'team [s]' was left out."
    >>> counted(2, "{n} row[s] without {by!r} [was|were] left out.", by="team")
    "2 rows without 'team' were left out."
    """

    def form(match: re.Match[str]) -> str:
        first, second = match[1], match[2]
        if second is None:
            return "" if n == 1 else first
        return first if n == 1 else second

    return _EITHER.sub(form, template).format(n=n, **values)
