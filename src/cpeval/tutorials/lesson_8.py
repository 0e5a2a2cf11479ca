"""Exercises of lesson 8: comparing sites when there are only five."""

from __future__ import annotations

from functools import cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cpeval.tutorials.exercise import Exercise, Mistake
from cpeval.tutorials.kinds_of_answer import Choice, Number

_SEED, _STUDIES = 2026, 2000
#: Shares that are less far apart than this are the same, as the lesson says.
_APART = 0.05

Floats = NDArray[np.float64]


def _studies(rng: np.random.Generator, effect: float, trusts: int = 5, people: int = 15) -> Floats:
    """Draw scores, shape (studies, trusts, 2, people), as the lesson does and in its order."""
    team = rng.normal(0, np.sqrt(0.1), size=(_STUDIES, trusts, 2, 1))
    own = rng.normal(0, np.sqrt(0.9), size=(_STUDIES, trusts, 2, people))
    scores: Floats = team + own
    scores[:, :, 0] += effect
    return scores


def _differences(scores: Floats) -> Floats:
    found: Floats = scores[:, :, 0].mean(axis=2) - scores[:, :, 1].mean(axis=2)
    return found


def _paired(scores: Floats) -> float:
    return float((stats.ttest_1samp(_differences(scores), 0, axis=1).pvalue < 0.05).mean())


@cache
def _shares() -> dict[str, float]:
    """Return the share of studies with p below .05 in each of the lesson's simulations."""
    rng = np.random.default_rng(_SEED)
    none = _studies(rng, 0)
    arms = (none[:, :, arm].reshape(_STUDIES, -1) for arm in (0, 1))
    statistic = stats.ttest_1samp(_differences(none), 0, axis=1).statistic
    return {
        "usual": float((stats.ttest_ind(*arms, axis=1).pvalue < 0.05).mean()),
        "right": _paired(none),
        "normal": float((np.abs(statistic) > stats.norm.ppf(0.975)).mean()),
        "five": _paired(_studies(rng, 0.5)),
        "more people": _paired(_studies(rng, 0.5, people=60)),
        "more trusts": _paired(_studies(rng, 0.5, trusts=20)),
    }


def _better() -> str:
    shares = _shares()
    gap = shares["more trusts"] - shares["more people"]
    if abs(gap) < _APART:
        return "same"
    return "more trusts" if gap > 0 else "more people"


EXERCISES = {
    1: Exercise(
        kind=Number(decimals=2),
        right=lambda: _shares()["usual"],
        because="It should be .05. The t test cries wolf about four times as often as it says.",
        mistakes=(
            Mistake(
                answer=lambda: 1 - _shares()["usual"],
                hint="That is the share in which it finds nothing. Take p below .05.",
            ),
            Mistake(
                answer=lambda: 0.05,
                hint="That is what the share should be. Count what it is: (p_usual < 0.05).mean().",
            ),
            Mistake(
                answer=lambda: _shares()["usual"] * _STUDIES,
                hint="That is how many studies. Divide by how many there are: a proportion.",
            ),
        ),
        otherwise="p_usual < 0.05 is True or False for each study; its mean is the share of True.",
    ),
    2: Exercise(
        kind=Number(decimals=3),
        right=lambda: sqrt(_shares()["usual"] * (1 - _shares()["usual"]) / _STUDIES),
        because="So the share is known to within about two in a hundred.",
        mistakes=(
            Mistake(
                answer=lambda: _shares()["usual"] * (1 - _shares()["usual"]) / _STUDIES,
                hint="The square root is absent: np.sqrt(…).",
            ),
            Mistake(
                answer=lambda: sqrt(_shares()["usual"] * (1 - _shares()["usual"])),
                hint="Divide by the number of studies, inside the square root.",
            ),
            Mistake(
                answer=lambda: sqrt(_shares()["usual"] * (1 - _shares()["usual"]) / 150),
                hint="n is the number of studies that were made, not of people in one of them.",
            ),
        ),
        otherwise="s is the share of exercise 8.1, n is 2000.",
    ),
    3: Exercise(
        kind=Number(decimals=2),
        right=lambda: _shares()["right"],
        because="As often as p < .05 promises, give or take the Monte Carlo error.",
        mistakes=(
            Mistake(
                answer=lambda: _shares()["usual"],
                hint="That is the usual way again. Take p_right.",
            ),
            Mistake(
                answer=lambda: _shares()["normal"],
                hint="You took 1.96 as the limit. With four degrees of freedom it is larger: let "
                "ttest_1samp say p.",
            ),
            Mistake(
                answer=lambda: 1 - _shares()["right"],
                hint="That is the share in which it finds nothing. Take p below .05.",
            ),
        ),
        otherwise="As in exercise 8.1, with p_right in place of p_usual.",
    ),
    4: Exercise(
        kind=Choice(("more people", "more trusts", "same")),
        right=_better,
        because="Each Trust adds a difference. More people only make the same five a little surer.",
        mistakes=(
            Mistake(
                answer=lambda: "more people",
                hint="Print more_people and more_trusts. What differs between teams stays, however "
                "many people of them are asked.",
            ),
            Mistake(
                answer=lambda: "same",
                hint="Both have 600 people, and yet: print more_people and more_trusts.",
            ),
        ),
        otherwise="Print more_people and more_trusts.",
    ),
}
