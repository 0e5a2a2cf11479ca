"""Exercises of lesson 6: social capital and networks, before and after."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache

import pandas as pd

import cpeval as cp
from cpeval.errors import ProvisionalWarning
from cpeval.tutorials.exercise import Exercise, Mistake
from cpeval.tutorials.kinds_of_answer import Choice, Number


def _alters(ego: str, wave: str) -> pd.DataFrame:
    alters = cp.example("connecting_people").alters
    return alters[(alters["ego"] == ego) & (alters["wave"] == wave)]


@cache
def _network(ego: str, wave: str) -> tuple[int, int]:
    """Return the numbers of alters and of ties."""
    ties = cp.example("connecting_people").ties
    return len(_alters(ego, wave)), int(((ties["ego"] == ego) & (ties["wave"] == wave)).sum())


def _tied(per: Callable[[int], float]) -> float:
    """Return the ties of the network in exercise 2 over what ``per`` makes of its size."""
    size, ties = _network("P0002", "t0")
    return ties / per(size)


def _moved(ego: str) -> tuple[int, int]:
    """Return how many alters went, and how many came."""
    before, after = (set(_alters(ego, wave)["alter"]) for wave in ("t0", "t1"))
    return len(before - after), len(after - before)


@cache
def _sizes() -> pd.Series:
    """Return the row of the comparison of network sizes."""
    made = cp.example("connecting_people")
    egos = cp.EgoNetworks(made.egos, made.alters, made.ties, wave="wave")
    table = egos.metrics().table.rename(columns={"ego": "person"}).merge(made.people, on="person")
    return cp.outcomes.compare(table, "size", made.study, sensitivity=False).table.iloc[0]


@cache
def _resources() -> dict[tuple[str, str], float]:
    """Return the arms' mean numbers of resources gained and lost, and their change."""
    made = cp.example("connecting_people")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProvisionalWarning)
        before, after = (
            cp.social_capital.resource_generator(
                made.data[made.data["wave"] == wave], "rg_uk", made.study
            )
            for wave in ("t0", "t1")
        )
    table = cp.social_capital.resource_change(before, after).table.merge(made.people, on="person")
    columns = ("gained", "lost", "change")
    return {
        (str(arm), column): float(rows[column].mean())
        for arm, rows in table.groupby("arm")
        for column in columns
    }


def _more(column: str) -> float:
    return _resources()["CP", column] - _resources()["usual", column]


EXERCISES = {
    1: Exercise(
        kind=Number(decimals=0),
        right=lambda: int((_alters("P0001", "t0")["kind"] == "person").sum()),
        because="The rest of this network is no person.",
        mistakes=(
            Mistake(
                answer=lambda: _network("P0001", "t0")[0],
                hint="Those are all alters, places and activities among them.",
            ),
            Mistake(
                answer=lambda: sum(
                    int((_alters("P0001", wave)["kind"] == "person").sum()) for wave in ("t0", "t1")
                ),
                hint="That is both times together. Take the network at t0.",
            ),
            Mistake(
                answer=lambda: int((_alters("P0001", "t0")["kind"] != "person").sum()),
                hint="Those are the ones that are not people.",
            ),
        ),
        otherwise="Take the rows of made.alters with ego P0001, wave t0 and kind person.",
    ),
    2: Exercise(
        kind=Number(decimals=2),
        right=lambda: _tied(lambda n: n * (n - 1) / 2),
        because="Of 55 pairs, 12 are tied: about one in five.",
        mistakes=(
            Mistake(
                answer=lambda: _tied(lambda n: n * (n - 1)),
                hint="You counted each pair twice: A with B is B with A. Divide by 2.",
            ),
            Mistake(
                answer=lambda: _tied(lambda n: n),
                hint="You divided by the number of alters. Divide by the number of pairs.",
            ),
        ),
        otherwise="Divide 12 ties by 11 × 10 / 2 pairs.",
    ),
    3: Exercise(
        kind=Choice(("better", "worse", "it depends")),
        right=lambda: "it depends",
        because="Those who know each other can help together. Those who don't know each other "
        "bring different things.",
        mistakes=(
            Mistake(
                answer=lambda: "better",
                hint="Alters who all know each other help together, but they also know the same "
                "things. Is that always good?",
            ),
            Mistake(
                answer=lambda: "worse",
                hint="Alters who don't know each other bring different things. But who would "
                "notice when the person is ill?",
            ),
        ),
        otherwise="",
    ),
    4: Exercise(
        kind=Number(decimals=0),
        right=lambda: sum(_moved("P0003")),
        because="The size hides it: as many came as went.",
        mistakes=(
            Mistake(
                answer=lambda: _network("P0003", "t1")[0] - _network("P0003", "t0")[0],
                hint="The size is the same. But are they the same alters? Add lost and gained.",
            ),
            Mistake(
                answer=lambda: _moved("P0003")[0],
                hint="That is how many went, or how many came. The question is about both.",
            ),
        ),
        otherwise="Add the columns lost and gained of P0003.",
    ),
    5: Exercise(
        kind=Number(decimals=1),
        right=lambda: float(_sizes()["ci_low"]),
        because="Values below don't fit the data well. The estimate itself is larger.",
        mistakes=(
            Mistake(
                answer=lambda: float(_sizes()["estimate"]),
                hint="That is the estimate. The least that fits is the lower end of the interval.",
            ),
            Mistake(
                answer=lambda: float(_sizes()["ci_high"]),
                hint="That is the upper end: the most that fits.",
            ),
        ),
        otherwise="Look at ci_low.",
    ),
    6: Exercise(
        kind=Number(decimals=1),
        right=lambda: _more("gained"),
        because="People without the programme gained resources too, so the difference counts.",
        mistakes=(
            Mistake(
                answer=lambda: _resources()["CP", "gained"],
                hint="That is what people of the arm CP gained. Take away what the others gained.",
            ),
            Mistake(
                answer=lambda: _more("change"),
                hint="That is the change: gained less lost. The question is about gained alone.",
            ),
            Mistake(
                answer=lambda: _more("lost"),
                hint="That is about resources that were lost. Take the column gained.",
            ),
        ),
        otherwise="Merge resources.table with the arm, then take the mean of gained in each arm.",
    ),
}
