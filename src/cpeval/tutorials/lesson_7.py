"""Exercises of lesson 7: did people change, and who was lost."""

from __future__ import annotations

from functools import cache
from math import sqrt

import pandas as pd

import cpeval as cp
from cpeval.simulation.record import Simulation
from cpeval.tutorials.exercise import Exercise, Mistake
from cpeval.tutorials.kinds_of_answer import Choice, Number

_LOST, _RULES = 45, ("by chance", "low at the start", "doing badly now")


@cache
def _made(attrition: tuple[float, float]) -> Simulation:
    return cp.simulate(
        seed=44, people=30, trend=1.5, missing=0, attrition=attrition, attrition_slope=-0.8
    )


@cache
def _data(attrition: tuple[float, float]) -> pd.DataFrame:
    """Return the scores of the lesson's study; without attrition, of everyone in it."""
    scored: pd.DataFrame = cp.score(_made(attrition).data, "swemwbs")
    return scored


def _stayed() -> pd.DataFrame:
    return _data((0.35, 0.15))


def _everyone() -> pd.DataFrame:
    return _data((0, 0))


def _by_person(data: pd.DataFrame) -> pd.DataFrame:
    # Unlike pivot_table, pivot refuses a person twice at a wave.
    wide = data.pivot(index=["person", "arm"], columns="wave", values="swemwbs")  # noqa: PD010
    return wide.reset_index()


@cache
def _change() -> dict[str, float]:
    """Return the mean change of each arm, among people who answered twice."""
    table = cp.outcomes.change(_stayed(), "swemwbs", _made((0.35, 0.15)).study).table
    return {str(arm): float(size) for arm, size in table.set_index("group")["estimate"].items()}


def _between_means(arm: str) -> float:
    """Return the mean of all at t1 less the mean of all at t0."""
    rows = _stayed()[_stayed()["arm"] == arm]
    at = rows.groupby("wave")["swemwbs"].mean()
    return float(at["t1"] - at["t0"])


@cache
def _sem() -> float:
    rows = _stayed()
    items = rows.loc[rows["wave"] == "t0", [f"swemwbs_{n}" for n in range(1, 8)]]
    return float(cp.measurement.reliability(items).sem)


def _improved(limit: float, arm: str | None = "CP") -> int:
    wide = _by_person(_stayed())
    change = wide["t1"] - wide["t0"]
    return int((change > limit)[(wide["arm"] == arm) | (arm is None)].sum())


def _reliable() -> float:
    return 1.96 * sqrt(2) * _sem()


def _gap(arm: str) -> float:
    """Return by how much the stayers' mean at t0 is above that of those lost."""
    wide = _by_person(_stayed())
    here = wide[wide["arm"] == arm]
    at_start = here["t0"].groupby(here["t1"].isna()).mean()
    return float(at_start[False] - at_start[True])


@cache
def _gone() -> dict[str, list[str]]:
    """Return whom each of the lesson's rules lets go; the order of rows decides ties."""
    wide = _by_person(_everyone())
    arm = wide[wide["arm"] == "CP"]
    return {
        "nobody": [],
        "by chance": list(arm.sample(_LOST, random_state=1)["person"]),
        "low at the start": list(arm.nsmallest(_LOST, "t0")["person"]),
        "doing badly now": list(arm.nsmallest(_LOST, "t1")["person"]),
    }


def _compared(data: pd.DataFrame) -> float:
    study = _made((0, 0)).study
    table = cp.outcomes.compare(data, "swemwbs", study, sensitivity=False).table
    return float(table["estimate"].iloc[0])


@cache
def _without(rule: str) -> float:
    """Return what `compare` finds when the people of a rule are lost at t1."""
    data = _everyone()
    return _compared(data[~(data["person"].isin(_gone()[rule]) & (data["wave"] == "t1"))])


@cache
def _what_if(points: float) -> float:
    data = _everyone().copy()
    start = _by_person(data).set_index("person")["t0"]
    lost = data["person"].isin(_gone()["doing badly now"]) & (data["wave"] == "t1")
    data.loc[lost, "swemwbs"] = data.loc[lost, "person"].map(start) + points
    return _compared(data)


def _furthest() -> str:
    return max(_RULES, key=lambda rule: abs(_without(rule) - _without("nobody")))


EXERCISES = {
    1: Exercise(
        kind=Number(decimals=1),
        right=lambda: _change()["CP"] - _change()["usual"],
        because="Less than half of the change in the arm CP: the rest happened to both arms.",
        mistakes=(
            Mistake(
                answer=lambda: _change()["CP"],
                hint="That is the change in the arm CP. How much of it had the usual arm as well?",
            ),
            Mistake(
                answer=lambda: _change()["usual"],
                hint="That is the change in the usual arm. Take it from the change in the arm CP.",
            ),
            Mistake(
                answer=lambda: _change()["CP"] + _change()["usual"],
                hint="You added the two changes. Subtract one from the other.",
            ),
        ),
        otherwise="Take the estimate of CP, less the estimate of usual.",
    ),
    2: Exercise(
        kind=Number(decimals=1),
        right=lambda: _between_means("CP") - _change()["CP"],
        because="Nobody changed by these points. Other people were counted.",
        mistakes=(
            Mistake(
                answer=lambda: _between_means("CP"),
                hint="That is the difference between the means. Now take away the mean change.",
            ),
            Mistake(
                answer=lambda: _between_means("usual") - _change()["usual"],
                hint="That is the usual arm. Look at the lines whose group is CP.",
            ),
            Mistake(
                answer=lambda: _between_means("usual"),
                hint="That is the difference between the means of the usual arm. Take CP, and then "
                "take away its mean change.",
            ),
        ),
        otherwise="Take the mean at t1, less the mean at t0, less the estimate in change.table: "
        "all of them for CP.",
    ),
    3: Exercise(
        kind=Number(decimals=0),
        right=lambda: _improved(_reliable()),
        because="For the others one can't say whether they changed.",
        mistakes=(
            Mistake(
                answer=lambda: _improved(0),
                hint="You counted everybody whose score rose. How many rose by more than limit?",
            ),
            Mistake(
                answer=lambda: _improved(1.96 * _sem()),
                hint="The √2 is absent: a change has the errors of two scores.",
            ),
            Mistake(
                answer=lambda: _improved(_reliable(), None),
                hint="That is both arms together. Take programme in place of wide.",
            ),
        ),
        otherwise='(programme["change"] > limit).sum() counts them.',
    ),
    4: Exercise(
        kind=Number(decimals=1),
        right=lambda: _gap("CP"),
        because="The programme lost those who had most to gain.",
        mistakes=(
            Mistake(
                answer=lambda: -_gap("CP"),
                hint="The size is right. The question is how much lower those lost were: take the "
                "mean of those who stayed, less the mean of those lost.",
            ),
            Mistake(
                answer=lambda: _gap("usual"),
                hint="That is the usual arm. Take the two means of CP.",
            ),
        ),
        otherwise="Of the two means of CP, take that where lost is False less that where lost is "
        "True.",
    ),
    5: Exercise(
        kind=Choice(_RULES),
        right=_furthest,
        because="What decided who left is nowhere in the data, so nothing can allow for it.",
        mistakes=(
            Mistake(
                answer=lambda: "by chance",
                hint="By chance, those lost are like those who stay. Look at the black bars.",
            ),
            Mistake(
                answer=lambda: "low at the start",
                hint="That spoils the means (the grey bar). The question is about compare, the "
                "black bar.",
            ),
        ),
        otherwise="Look for the black bar that ends furthest from the dashed line.",
    ),
    6: Exercise(
        kind=Number(decimals=1),
        right=lambda: _without("doing badly now") - _what_if(0),
        because="So much of the difference came from not having asked 45 people.",
        mistakes=(
            Mistake(
                answer=lambda: _what_if(0),
                hint="That is the difference itself. By how much is it smaller than before?",
            ),
            Mistake(
                answer=lambda: _without("doing badly now") - _what_if(-2),
                hint="That is for two points lower. Take what_if(0).",
            ),
            Mistake(
                answer=lambda: _without("nobody") - _what_if(0),
                hint='You compared with everyone. Take rules.loc["doing badly now", "compare"].',
            ),
        ),
        otherwise='Take rules.loc["doing badly now", "compare"], less what_if(0).',
    ),
}
