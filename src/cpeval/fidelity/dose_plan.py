"""What was planned of contacts, checked: how many people, how often, how long, about what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cpeval.errors import OptionError, did_you_mean, is_number, listed

#: What may be planned, by its name in ``planned``.
KEYS = ("people", "frequency", "duration", "content")


@dataclass(frozen=True, kw_only=True)
class DosePlan:
    """What was planned; None where nothing was.

    Attributes
    ----------
    people : float, mapping or None
        How many to reach: in all, or by team.
    frequency : float or None
        Contacts a period.
    duration : float or None
        Minutes a contact.
    content : tuple or None
        Kinds of content that each person should have.
    """

    people: float | Mapping[object, float] | None
    frequency: float | None
    duration: float | None
    content: tuple[object, ...] | None


def dose_plan(planned: object) -> DosePlan:
    """Check what the caller planned.

    Raises
    ------
    OptionError
        Not a mapping, nothing in it, keys that aren't known, or values of the wrong kind: all at
        once.
    """
    if not isinstance(planned, Mapping) or not planned:
        raise OptionError(
            "'planned' should say what was planned, such as {'frequency': 4, 'duration': 60, "
            f"'content': ['home visit', 'group']}}; it may have {listed(KEYS)}. Got {planned!r}."
        )
    wrong = [f"no key {key!r}{did_you_mean(key, KEYS)}" for key in planned if key not in KEYS]
    people = planned.get("people")
    each = people if isinstance(people, Mapping) else {"people": people}
    odd = [key for key, n in each.items() if people is not None and not _positive(n)]
    if odd or (isinstance(people, Mapping) and not people):
        wrong.append(f"'people' should be a number above 0, or {{team: number}}. Got {people!r}")
    for key in ("frequency", "duration"):
        if key in planned and not _positive(planned[key]):
            wrong.append(f"{key!r} should be a number above 0. Got {planned[key]!r}")
    content = planned.get("content")
    if content is not None:
        plain = not isinstance(content, str) and isinstance(content, Sequence | set | frozenset)
        kinds = list(content) if plain else []
        if not kinds or len(set(map(str, kinds))) < len(kinds):
            wrong.append(
                f"'content' should be a list of different kinds of content. Got {content!r}"
            )
    if wrong:
        raise OptionError("'planned' can't be used: " + "; ".join(wrong) + ".")
    return DosePlan(
        people=people,
        frequency=planned.get("frequency"),
        duration=planned.get("duration"),
        content=None if content is None else tuple(content),
    )


def _positive(value: object) -> bool:
    return is_number(value) and 0 < value < float("inf")  # type: ignore[operator]
