"""What the columns of an export are called: names that the program takes, none twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

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


def shortened(name: str, *, most: int, keep: int = 0, taken: Collection[str] = ()) -> str:
    """Cut a name's longest words, letter by letter, until it is short enough.

    Parameters
    ----------
    name : str
        Words with ``_`` between.
    most : int
        How long it may be.
    keep : int, default 0
        How many letters at its start stay as they are.
    taken : collection of str
        Names that it must not become; a number at its end tells it from these.

    Returns
    -------
    str
        The same for the same arguments. As it was where that can't be done: words of three
        letters stay, and words with a digit, which tell names apart.

    Examples
    --------
    >>> shortened("connecting_people_partnership", most=21)
    'connect_people_partne'
    """
    if len(name) <= most:
        return name
    for number in range(1, 100):
        end = "" if number == 1 else f"_{number}"
        cut = _cut(name[keep:].split("_"), most - keep - len(end))
        made = f"{name[:keep]}{cut}{end}"
        if cut is None:
            return name
        if made not in taken:
            return made
    return name


def _cut(words: list[str], most: int) -> str | None:
    """Cut the longest word's last letter, the later of equals', until all fit; None: they don't."""
    words = list(words)
    while len("_".join(words)) > most:
        lengths = [0 if re.search(r"\d", word) else len(word) for word in words]
        longest = max(lengths)
        if longest <= 3:
            return None
        place = len(lengths) - 1 - lengths[::-1].index(longest)
        words[place] = words[place][:-1]
    return "_".join(words)


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
