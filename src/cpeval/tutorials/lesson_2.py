"""Exercises of lesson 2: reading and checking data."""

from __future__ import annotations

from functools import cache

import pandas as pd

import cpeval as cp
from cpeval.shipped import shipped_folder
from cpeval.tutorials.exercise import Exercise, Mistake
from cpeval.tutorials.kinds_of_answer import Choice, Number

_PEOPLE, _WAVES = 20, 2
_ITEMS = [f"swemwbs_{n}" for n in range(1, 8)]


@cache
def _answers(declared: bool) -> pd.DataFrame:
    """Return the answers as they came, with the missing code declared or not."""
    file = shipped_folder("tutorials") / "data" / "answers.csv"
    return cp.read(file, missing={"*": [-9]} if declared else None)


def _mean(declared: bool) -> float:
    return float(_answers(declared)["swemwbs_6"].mean())


def _zero_mean() -> float:
    """Return the mean with 0 in place of the missing code."""
    return float(_answers(True)["swemwbs_6"].fillna(0).mean())


@cache
def _lacking() -> pd.DataFrame:
    """Return which answers are missing, a row a sheet; the sheet typed twice counts once."""
    return _answers(True).drop_duplicates()[_ITEMS].isna()


EXERCISES = {
    1: Exercise(
        kind=Number(decimals=0),
        right=lambda: len(_answers(False)) - _PEOPLE * _WAVES,
        because="Somebody's sheet may have been typed twice.",
        mistakes=(
            Mistake(
                answer=lambda: len(_answers(False)),
                hint="That is how many rows there are. How many should there be?",
            ),
            Mistake(
                answer=lambda: len(_answers(False)) - _PEOPLE,
                hint="Each person was asked twice, so each has two rows.",
            ),
            Mistake(
                answer=lambda: 0,
                hint="Twenty people asked twice: how many sheets is that? The first number of "
                "shape is the number of rows.",
            ),
        ),
        otherwise="Take the number of rows, less the number of sheets that there should be.",
    ),
    2: Exercise(
        kind=Number(decimals=2),
        right=lambda: _mean(True) - _mean(False),
        because="Two cells out of 41 did that, and nothing looked wrong.",
        mistakes=(
            Mistake(
                answer=lambda: _mean(True),
                hint="That is the mean afterwards. The question is how much higher it is.",
            ),
            Mistake(
                answer=lambda: _mean(False),
                hint="That is the mean before. The question is how much higher the other is.",
            ),
            Mistake(
                answer=lambda: _mean(True) - _zero_mean(),
                hint="You took 0 for the missing answers. 0 isn't an answer either.",
            ),
        ),
        otherwise="Take after, less before.",
    ),
    3: Exercise(
        kind=Choice(("a", "b", "c", "d")),
        right=lambda: "c",
        because="The paper knows. Only if nobody can look is the answer made missing, in writing.",
        mistakes=(
            Mistake(
                answer=lambda: "a",
                hint="That may be so. But it is a guess: it may have been 4 and then the next "
                "answer. Who could know?",
            ),
            Mistake(
                answer=lambda: "b",
                hint="All the other answers are good. Why lose them, and the person with them?",
            ),
            Mistake(
                answer=lambda: "d",
                hint="It does harm: a score with 44 in it is above the highest there can be.",
            ),
        ),
        otherwise="Who could know what the person answered?",
    ),
    4: Exercise(
        kind=Choice(("CP", "usual", "not known")),
        right=lambda: str(
            _answers(True).query("team == 'B2' and person != 'P16'")["arm"].unique().item()
        ),
        because="All others of the team are in it. Tell the Trust all the same, so that its own "
        "file is put right.",
        mistakes=(
            Mistake(
                answer=lambda: "CP",
                hint="One row says so. What do the rows of all others in the team say?",
            ),
            Mistake(
                answer=lambda: "not known",
                hint="From the two rows of P16 alone it isn't. But a team works in one way only.",
            ),
        ),
        otherwise="Look at the arm of the others in the team.",
    ),
    5: Exercise(
        kind=Number(decimals=0),
        right=lambda: int(_lacking().any(axis=1).sum()),
        because="One sheet lacks two answers. It is still one sheet.",
        mistakes=(
            Mistake(
                answer=lambda: int(_lacking().sum().sum()),
                hint="That is the number of answers that are missing. Count the rows with any.",
            ),
            Mistake(
                answer=lambda: int((~_lacking()).all(axis=1).sum()),
                hint="That is the number of complete sheets. The question is about the others.",
            ),
            Mistake(
                answer=lambda: 0,
                hint="They are in the note above, and isna finds them. If it doesn't, run the "
                "cell with missing= again, and those below it.",
            ),
        ),
        otherwise="lacking.any(axis=1) is true for each such row; sum counts what is true.",
    ),
}
