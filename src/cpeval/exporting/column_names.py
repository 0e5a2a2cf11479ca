"""What the columns of an export are called: names that the program takes, none twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from cpeval.errors import OptionError, listed


def unchanged(name: str) -> str:
    """Keep the name under which `cpeval.score` looks for an item."""
    return name


def as_redcap(name: str) -> str:
    """Make a name of a variable in REDCap: lower case, letters, digits and single underscores.

    >>> as_redcap("SF36__Item 1.a")
    'sf36_item_1_a'
    """
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return plain if plain[:1].isalpha() else f"v_{plain}".rstrip("_")


def as_identifier(name: str) -> str:
    """Make a name of ASCII letters, digits and underscores that begins with a letter.

    >>> as_identifier("2 A-b")
    'v_2_A_b'
    """
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", name)
    return plain if re.match("[A-Za-z]", plain) else f"v_{plain}"


def as_limesurvey(name: str) -> str:
    """Make a question code in LimeSurvey: letters and digits alone, at most 20.

    >>> as_limesurvey("connecting_people_partnership_12")
    'connectingpeoplepa12'
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "", name)
    plain = plain if plain[:1].isalpha() else f"q{plain}"
    if len(plain) <= 20:
        return plain
    # The end tells items of one instrument apart.
    end = re.sub(r"[^A-Za-z0-9]+", "", re.split(r"[^A-Za-z0-9]+", name)[-1])[-12:]
    return plain[: 20 - len(end)] + end


def named(
    wanted: Iterable[str], rule: Callable[[str], str], *, program: str, longest: int
) -> dict[str, str]:
    """Return wanted name to the program's name.

    Raises
    ------
    OptionError
        Two names become one, or a name is too long: all such are in the message.
    """
    made = {name: rule(name) for name in wanted}
    first: dict[str, list[str]] = {}
    for name, given in made.items():
        first.setdefault(given, []).append(name)
    wrong = [
        f"- {listed(names)} would all be {given!r}"
        for given, names in first.items()
        if len(names) > 1
    ]
    wrong += [
        f"- {given!r} is longer than {longest} characters"
        for given in first
        if len(given) > longest
    ]
    if wrong:
        raise OptionError(
            f"{program} can't take the columns' names:\n" + "\n".join(wrong) + "\n"
            "Export the instruments to a file each, give another prefix=, or change the items' "
            "codes in a definition of your own."
        )
    return made
