"""Exercises of lesson 5: fidelity by several informants, and a team's feedback sheet."""

from __future__ import annotations

from functools import cache

import pandas as pd

import cpeval as cp
from cpeval.fidelity.assessments import Agreed
from cpeval.tutorials.exercise import Exercise, Mistake
from cpeval.tutorials.kinds_of_answer import Choice, Number

_TOTAL = "connecting_people"
_TRUSTS = tuple(f"Trust {letter}" for letter in "ABCDE")


def _ratings() -> pd.DataFrame:
    data = cp.example("connecting_people").joined("fidelity")
    return data[data["arm"] == "CP"]


@cache
def _by_informant() -> pd.Series:
    """Return the informants' mean total scores at the follow-up, the highest first."""
    made = cp.example("connecting_people")
    scores = cp.fidelity.score(
        _ratings(), _TOTAL, made.study, informant="informant", assessor="assessor"
    ).table
    here = scores[(scores["scale"] == _TOTAL) & (scores["wave"] == "t1")]
    return here.groupby("informant")["estimate"].mean().sort_values(ascending=False)


@cache
def _agreed() -> Agreed:
    made = cp.example("connecting_people")
    return cp.fidelity.triangulate(
        _ratings(), _TOTAL, made.study, informant="informant", assessor="assessor"
    )


@cache
def _trusts() -> list[str]:
    """Return the Trusts, the one that delivered least first."""
    table = cp.fidelity.profile(_agreed()).table
    sites = table[(table["term"] == "site") & (table["scale"] == _TOTAL)]
    return [str(name) for name in sites.sort_values("estimate")["site"]]


def _first(site: str, group: str) -> float:
    table = cp.fidelity.feedback(_agreed(), site=site).table
    return float(table[table["group"] == group]["item"].iloc[0])


def _best_of_next(site: str) -> float:
    table = cp.fidelity.feedback(_agreed(), site=site).table
    return float(table[table["group"] == "next"]["item"].iloc[-1])


EXERCISES = {
    1: Exercise(
        kind=Choice(("participant", "worker", "observer")),
        right=lambda: str(_by_informant().index[0]),
        because="Those who did the work rate it highest.",
        mistakes=(
            Mistake(
                answer=lambda: str(_by_informant().index[1]),
                hint="That is the one in the middle. Which of the three means is the largest?",
            ),
            Mistake(
                answer=lambda: str(_by_informant().index[2]),
                hint="That is the lowest mean. The question is about the highest.",
            ),
        ),
        otherwise="Compare the three means.",
    ),
    2: Exercise(
        kind=Number(decimals=1),
        right=lambda: pd.Series([1, 5, 4]).median(),
        because="In order they are 1, 4, 5: the middle one is 4. The 1 doesn't pull it down.",
        mistakes=(
            Mistake(
                answer=lambda: pd.Series([1, 5, 4]).mean(),
                hint="That is the mean. For the median put them in order and take the middle one.",
            ),
            Mistake(
                answer=lambda: 5,
                hint="That is the one that stands in the middle of the sentence. Put them in "
                "order of size first.",
            ),
            Mistake(
                answer=lambda: 3,
                hint="That is halfway between the lowest and the highest. Take the middle rating.",
            ),
        ),
        otherwise="Put 1, 5 and 4 in order of size. Which stands in the middle?",
    ),
    3: Exercise(
        kind=Choice(_TRUSTS),
        right=lambda: _trusts()[0],
        because="Its interval lies below those of the others.",
        mistakes=(
            Mistake(
                answer=lambda: _trusts()[-1],
                hint="That one delivered most. Look for the smallest estimate.",
            ),
            Mistake(
                answer=lambda: _trusts()[1],
                hint="Near: that is the second lowest. Look for the smallest estimate.",
            ),
        ),
        otherwise="Look for the smallest estimate in the table.",
    ),
    4: Exercise(
        kind=Number(decimals=0),
        right=lambda: _first("Trust A", "next"),
        because="It is the furthest from the highest level.",
        mistakes=(
            Mistake(
                answer=lambda: _first("Trust A", "strength"),
                hint="That is the team's greatest strength. Look at the lines with group next.",
            ),
            Mistake(
                answer=lambda: _best_of_next("Trust A"),
                hint="That is the last line with group next: the one that needs least work.",
            ),
            Mistake(
                answer=lambda: _first("Trust D", "next"),
                hint="That is Trust D's. Make a sheet with site='Trust A'.",
            ),
        ),
        otherwise="Make the sheet with site='Trust A': its first line with group next says it.",
    ),
}
