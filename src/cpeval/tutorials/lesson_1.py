"""Exercises of lesson 1."""

from cpeval.tutorials.exercise import Exercise, Mistake
from cpeval.tutorials.kinds_of_answer import Number

EXERCISES = {
    1: Exercise(
        kind=Number(decimals=0),
        right=lambda: 5,
        because="Five Trusts deliver the programme.",
        mistakes=(
            Mistake(answer=lambda: 10, hint="That is the number of teams. Each Trust has two."),
            Mistake(answer=lambda: 1, hint="That is the number of programmes."),
        ),
        otherwise="Look at the first table again.",
    ),
}
