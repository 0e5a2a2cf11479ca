"""Exercises of lesson 1: the study and its question."""

from __future__ import annotations

from functools import cache

import cpeval as cp
from cpeval.tutorials.exercise import Exercise, Mistake
from cpeval.tutorials.kinds_of_answer import Choice, Number


@cache
def _means() -> dict[tuple[str, str], float]:
    """Return mean wellbeing by arm and wave."""
    made = cp.example("connecting_people")
    data = cp.score(made.data, "swemwbs")
    means = data.groupby(["arm", "wave"])["swemwbs_metric"].mean()
    return {(str(arm), str(wave)): float(means[arm, wave]) for arm, wave in means.index}


@cache
def _stayed(arm: str | None) -> float:
    """Return the share of people, of an arm or of all, who have a row at the follow-up."""
    data = cp.example("connecting_people").data
    here = data if arm is None else data[data["arm"] == arm]
    at = here["wave"].value_counts()
    return float(at["t1"] / at["t0"])


def _teams(arm: str | None) -> int:
    people = cp.example("connecting_people").people
    here = people if arm is None else people[people["arm"] == arm]
    return int(here["team"].nunique())


def _apart(wave: str) -> float:
    return _means()["CP", wave] - _means()["usual", wave]


EXERCISES = {
    1: Exercise(
        kind=Number(decimals=0),
        right=lambda: _teams("CP"),
        because="Each Trust has one team with the programme.",
        mistakes=(
            Mistake(
                answer=lambda: _teams(None),
                hint="That is the number of all teams. Count those whose arm is CP.",
            ),
            Mistake(
                answer=lambda: int((cp.example("connecting_people").people["arm"] == "CP").sum()),
                hint="That is the number of people in the arm. The question is about teams.",
            ),
        ),
        otherwise="In the table above, count the lines whose arm is CP: each is a team.",
    ),
    2: Exercise(
        kind=Number(decimals=2),
        right=lambda: _stayed("CP"),
        because="So about one in eight was lost. What if those who did badly were the ones to go?",
        mistakes=(
            Mistake(
                answer=lambda: 1 - _stayed("CP"),
                hint="That is the share that was lost. The question is who was still there.",
            ),
            Mistake(
                answer=lambda: _stayed("usual"),
                hint="That is the usual arm. Look at the lines whose group is CP.",
            ),
            Mistake(
                answer=lambda: _stayed(None),
                hint="That is both arms together. Look at the lines whose group is CP.",
            ),
        ),
        otherwise="Divide n of CP at t1 by n of CP at t0; the column percent says it too.",
    ),
    3: Exercise(
        kind=Choice(("fidelity", "outcome", "baseline")),
        right=lambda: "outcome",
        because="It says how the person is, some time after the programme began.",
        mistakes=(
            Mistake(
                answer=lambda: "fidelity",
                hint="Fidelity would be about what her worker did.",
            ),
            Mistake(
                answer=lambda: "baseline",
                hint="The baseline is before the programme. When is the sentence about?",
            ),
        ),
        otherwise="Is the sentence about what a worker did, or about how a person is, and when?",
    ),
    4: Exercise(
        kind=Number(decimals=1),
        right=lambda: _apart("t1"),
        because="One sees this difference. Whether the programme made it is another question.",
        mistakes=(
            Mistake(
                answer=lambda: _apart("t0"),
                hint="That is the difference at t0, before the programme. Take the lines of t1.",
            ),
            Mistake(
                answer=lambda: _means()["CP", "t1"] - _means()["CP", "t0"],
                hint="That is how far the arm with the programme moved. Compare the arms, at t1.",
            ),
            Mistake(
                answer=lambda: _apart("t1") - _apart("t0"),
                hint="You took away the difference at t0. A good idea, but one step further on.",
            ),
        ),
        otherwise="Take the estimate of CP at t1, less the estimate of usual at t1.",
    ),
    5: Exercise(
        kind=Number(decimals=1),
        right=lambda: _apart("t0"),
        because="So a good part of the difference at t1 was there before anybody did anything.",
        mistakes=(
            Mistake(
                answer=lambda: _apart("t1"),
                hint="That is the difference at t1. Take the lines of t0.",
            ),
            Mistake(
                answer=lambda: _apart("t1") - _apart("t0"),
                hint="That is by how much the difference grew. The question is what it was at t0.",
            ),
        ),
        otherwise="Take the estimate of CP at t0, less the estimate of usual at t0.",
    ),
}
