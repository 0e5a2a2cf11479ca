"""Exercises of lesson 3: scoring wellbeing."""

from __future__ import annotations

from functools import cache

import pandas as pd

import cpeval as cp
from cpeval.tutorials.exercise import Exercise, Mistake
from cpeval.tutorials.kinds_of_answer import Choice, Number

_ITEMS = [f"swemwbs_{n}" for n in range(1, 8)]
_CES_D = [f"ces_d_{n}" for n in range(1, 21)]
_HIGHEST, _REVERSED = 3, 4
_POINTS, _ANSWERED = 27, 18


@cache
def _scored() -> pd.DataFrame:
    return cp.score(cp.example("connecting_people").data, "swemwbs")


def _first(wave: str, column: str) -> float:
    """Return a score of the lesson's first person."""
    data = _scored()
    return float(data.loc[(data["person"] == "P0001") & (data["wave"] == wave), column].item())


def _metric(raw: int) -> float:
    """Return the metric score that belongs to a raw one."""
    data = _scored()
    return float(data.loc[data["swemwbs"] == raw, "swemwbs_metric"].iloc[0])


def _gain(raw: int) -> float:
    return _metric(raw + 2) - _metric(raw)


def _all_ticked(code: int) -> float:
    """Return the CES-D score of a sheet with the same answer everywhere."""
    sheet = pd.DataFrame([[code] * len(_CES_D)], columns=_CES_D)
    return float(cp.score(sheet, "ces_d")["ces_d"].item())


def _moved(before: float, after: float) -> bool:
    """Say whether two CES-D scores are in different bands."""
    scores = pd.DataFrame({"ces_d": [before, after]})
    first, second = cp.band(scores, "ces_d")["ces_d_band"]
    return bool(first != second)


def _whose_band() -> str:
    one, other = _moved(15.0, 16.0), _moved(20.0, 45.0)
    if one == other:
        return "both" if one else "neither"
    return "A" if one else "B"


EXERCISES = {
    1: Exercise(
        kind=Number(decimals=0),
        right=lambda: _first("t0", "swemwbs"),
        because="Seven answers, one sum.",
        mistakes=(
            Mistake(
                answer=lambda: _first("t1", "swemwbs"),
                hint="That is the sheet of t1. Look at the row above it.",
            ),
            Mistake(
                answer=lambda: _first("t0", "swemwbs") / len(_ITEMS),
                hint="That is the mean of the seven answers. The raw score is their sum.",
            ),
            Mistake(
                answer=lambda: _first("t0", "swemwbs_metric"),
                hint="That is the metric score, which comes later. Add the answers.",
            ),
        ),
        otherwise="Add the seven answers of the first row.",
    ),
    2: Exercise(
        kind=Number(decimals=2),
        right=lambda: _gain(30) - _gain(20),
        because="Two raw points are worth more near the upper end than in the middle.",
        mistakes=(
            Mistake(
                answer=lambda: 0,
                hint="In raw points both gain two. The question is about metric points.",
            ),
            Mistake(
                answer=lambda: _gain(30),
                hint="That is what the second person gains. How much more is it than the first's?",
            ),
            Mistake(
                answer=lambda: _gain(20),
                hint="That is what the first person gains. What does the second gain?",
            ),
        ),
        otherwise="Take the metric score of 32 less that of 30; and from this, 22's less 20's.",
    ),
    3: Exercise(
        kind=Number(decimals=2),
        right=lambda: float(_scored()["swemwbs"].isna().mean()),
        because="So about one sheet in nine can't be scored.",
        mistakes=(
            Mistake(
                answer=lambda: int(_scored()["swemwbs"].isna().sum()),
                hint="That is how many sheets have none. Divide by how many there are.",
            ),
            Mistake(
                answer=lambda: float(_scored()[_ITEMS].isna().mean().mean()),
                hint="That is the share of single answers that are missing. The question is about "
                "sheets: one gap is enough.",
            ),
            Mistake(
                answer=lambda: float(_scored()["swemwbs"].notna().mean()),
                hint="That is the share that has a score. The question is about the others.",
            ),
        ),
        otherwise='Take scored["swemwbs"].isna(), and its mean.',
    ),
    4: Exercise(
        kind=Number(decimals=0),
        right=lambda: _all_ticked(_HIGHEST),
        because="Sixteen items count 3, and the four reversed ones 0.",
        mistakes=(
            Mistake(
                answer=lambda: _HIGHEST * len(_CES_D),
                hint="That would be the score if no item were reversed. How many are, and what do "
                "they count?",
            ),
            Mistake(
                answer=lambda: _all_ticked(0),
                hint="You turned the wrong items round: only the four in the table are reversed.",
            ),
            Mistake(
                answer=lambda: _HIGHEST * (len(_CES_D) - 2 * _REVERSED),
                hint="You took the reversed items off. Turned round, a 3 counts 0, not -3.",
            ),
        ),
        otherwise="Sixteen items count what was ticked. What do the other four count?",
    ),
    5: Exercise(
        kind=Number(decimals=0),
        right=lambda: _POINTS / _ANSWERED * len(_CES_D),
        because="1.5 points an item, times twenty items.",
        mistakes=(
            Mistake(
                answer=lambda: _POINTS,
                hint="That takes the two gaps as 0: as if the person had no such sign at all.",
            ),
            Mistake(
                answer=lambda: _POINTS * _ANSWERED / len(_CES_D),
                hint="The wrong way round: two more items can't make the score lower.",
            ),
            Mistake(
                answer=lambda: _POINTS / _ANSWERED,
                hint="That is the mean of an item. The score is for twenty items.",
            ),
        ),
        otherwise="Divide the points by how many were answered; multiply by how many there are.",
    ),
    6: Exercise(
        kind=Choice(("A", "B", "both", "neither")),
        right=_whose_band,
        because="One point takes A over the limit. B is far worse off, and no band shows it.",
        mistakes=(
            Mistake(
                answer=lambda: "B",
                hint="B's score has changed more. But which band is 20 in, and which 45?",
            ),
            Mistake(
                answer=lambda: "both",
                hint="Both scores have changed. The bands are: below 16, and from 16 on.",
            ),
            Mistake(
                answer=lambda: "neither",
                hint="A goes from 15 to 16. Where does the second band begin?",
            ),
        ),
        otherwise="Say of each of the four scores whether it is below 16.",
    ),
}
