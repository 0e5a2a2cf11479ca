"""Exercises of lesson 4: whether an instrument can be trusted."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

import cpeval as cp
from cpeval.measurement import ItemAnalysis, Reliability, Scalability
from cpeval.shipped import shipped_folder
from cpeval.tutorials.exercise import Exercise, Mistake
from cpeval.tutorials.kinds_of_answer import Choice, Names, Number

_ITEMS = [f"swemwbs_{n}" for n in range(1, 8)]
#: From here on H is called medium, and strong.
_MEDIUM, _STRONG = 0.4, 0.5


@cache
def _sheets() -> pd.DataFrame:
    """Return the complete sheets of the baseline."""
    data = cp.example("connecting_people").data
    return data[data["wave"] == "t0"].dropna(subset=_ITEMS)


def _halves() -> float:
    """Return the correlation of the odd items with the even ones."""
    odd, even = (_sheets()[_ITEMS[start::2]].mean(axis=1) for start in (0, 1))
    return float(odd.corr(even))


@cache
def _reliability() -> Reliability:
    return cp.measurement.reliability(_sheets(), instrument="swemwbs")


def _alpha() -> float:
    return float(_reliability().table.set_index("coefficient")["estimate"]["alpha"])


def _without_factor() -> float:
    """Return alpha without k / (k - 1)."""
    k = len(_ITEMS)
    return _alpha() * (k - 1) / k


@cache
def _two_topics() -> pd.DataFrame:
    """Return the answers on sleep and gardening, drawn as the lesson draws them."""
    rng = np.random.default_rng(4)
    topics = []
    for topic in ("sleep", "garden"):
        own = rng.normal(size=(400, 1)) + rng.normal(size=(400, 8))
        columns = [f"{topic}_{n}" for n in range(1, 9)]
        topics.append(pd.DataFrame(np.clip(np.round(3 + own), 1, 5), columns=columns))
    return pd.concat(topics, axis=1)


@cache
def _things() -> int:
    suggested = cp.measurement.dimensions(_two_topics(), seed=1).suggested
    return int(suggested.set_index("criterion")["factors"]["parallel_95"])


@cache
def _scale() -> Scalability:
    return cp.measurement.scalability(_sheets(), instrument="swemwbs")


def _strength() -> str:
    """Say what the scale can be called, all of its interval considered."""
    whole = _scale().table.iloc[0]
    if whole["ci_low"] >= _STRONG:
        return "strong"
    return "medium or strong" if whole["ci_low"] >= _MEDIUM else "weak"


@cache
def _office() -> ItemAnalysis:
    answers = cp.read(shipped_folder("tutorials") / "data" / "second_office.csv")
    return cp.measurement.items(answers, instrument="swemwbs")


def _against() -> list[str]:
    table = _office().table
    return [str(item) for item in table.loc[table["discrimination"] < 0, "item"]]


def _highest(column: str) -> list[str]:
    return [str(_office().table.set_index("item")[column].idxmax())]


EXERCISES = {
    1: Exercise(
        kind=Number(decimals=2),
        right=_halves,
        because="One half tells a lot about the other.",
        mistakes=(
            Mistake(
                answer=lambda: _halves() ** 2,
                hint="That is the correlation times itself. Take the correlation.",
            ),
            Mistake(
                answer=lambda: 2 * _halves() / (1 + _halves()),
                hint="That is what it would be for halves twice as long (Spearman and Brown). The "
                "question is about these halves.",
            ),
            Mistake(
                answer=_alpha,
                hint="That is alpha, which comes next. Take odd.corr(even).",
            ),
        ),
        otherwise="Take odd.corr(even).",
    ),
    2: Exercise(
        kind=Number(decimals=2),
        right=_alpha,
        because="The function below says the same.",
        mistakes=(
            Mistake(
                answer=_without_factor,
                hint="That is the bracket. Multiply it by k / (k - 1), here 7 / 6.",
            ),
            Mistake(
                answer=lambda: 1 - _without_factor(),
                hint="That is one variance divided by the other. Take it from 1, and multiply by "
                "k / (k - 1).",
            ),
            Mistake(
                answer=lambda: _without_factor() * (len(_ITEMS) - 1) / len(_ITEMS),
                hint="You multiplied by (k - 1) / k. It is k / (k - 1).",
            ),
        ),
        otherwise="It is 7 / 6 * (1 - of_items / of_sum).",
    ),
    3: Exercise(
        kind=Number(decimals=1),
        right=lambda: 1.96 * _reliability().sem,
        because="That is a lot, on a scale from 7 to 35.",
        mistakes=(
            Mistake(
                answer=lambda: _reliability().sem,
                hint="That is the standard error itself: a typical error, which chance often "
                "exceeds. Multiply it by 1.96.",
            ),
            Mistake(
                answer=lambda: 2 * 1.96 * _reliability().sem,
                hint="That is from too low to too high. The question is about one side.",
            ),
        ),
        otherwise="Multiply found.sem by 1.96.",
    ),
    4: Exercise(
        kind=Number(decimals=0),
        right=_things,
        because="Sleep is one, gardening the other. Alpha was high all the same.",
        mistakes=(
            Mistake(
                answer=lambda: 1,
                hint="Alpha alone might make one think so. How many dots are above the line?",
            ),
            Mistake(
                answer=lambda: _two_topics().shape[1],
                hint="That is how many items there are. Several may measure one thing.",
            ),
            Mistake(
                answer=lambda: 4,
                hint="There are four rules. What number do they give?",
            ),
        ),
        otherwise="Look at the column factors of things.suggested.",
    ),
    5: Exercise(
        kind=Choice(("weak", "strong", "medium or strong")),
        right=_strength,
        because="The estimate is above .5, but values somewhat below .5 fit the data as well.",
        mistakes=(
            Mistake(
                answer=lambda: "strong",
                hint="The estimate is above .5. But is all of the interval?",
            ),
            Mistake(
                answer=lambda: "weak",
                hint="Weak is from .3 to .4. Does the interval reach down there?",
            ),
        ),
        otherwise="Compare both ends of the interval with .4 and .5.",
    ),
    6: Exercise(
        kind=Names("columns"),
        right=_against,
        because="Its discrimination is below 0: who says much there says little elsewhere.",
        mistakes=(
            Mistake(
                answer=lambda: _highest("discrimination"),
                hint="That item goes with the others best. Look for one that goes against them.",
            ),
            Mistake(
                answer=lambda: list(_ITEMS),
                hint="If all items were turned, they would go together again. It is one.",
            ),
            Mistake(
                answer=lambda: _highest("mean"),
                hint="That item has the highest mean. A high mean is no mistake: look at how an "
                "item goes with the others.",
            ),
        ),
        otherwise="Look for a discrimination below 0.",
    ),
}
