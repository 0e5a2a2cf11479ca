"""How often a category that is said to have a chance of 0.8 is the true one, by simulation.

Settings. "normal": 40 units, 3 assessors who rate all, 10 items, normal ratings whose variances
are those that the study assumes (units .25, assessors .04, items .09, unit x assessor .09, unit x
item .06, assessor x item .01, error .36); items and assessors are drawn anew each time, and the
mean of true scores is normal around 3 with standard deviation .5, as programmes differ. "known
error": with the error's variances known. "always 3": the mean doesn't differ, so that what
assessors and items share is what differs most between samples. "simulated study": people of 10
teams with the programme, after it, from cp.simulate: 3 observers, 18 items, ratings from 1 to 5,
teams that differ; the items are fixed and the truth is what many observers would agree on.

The study of error is of the same ratings that are classified. Scores fall into low, moderate and
high; each of a unit's three chances counts. Takes some minutes, so ``make bench`` leaves it out.
The figures in docs/fidelity-generalisability.md are from here.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

import cpeval as cp
from cpeval import fidelity

SAMPLES = 1000
BINS = np.array([0.0, 0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 1.0])
J, A, K = 40, 3, 10
CUTS = {"low": -10.0, "moderate": 2.6, "high": 3.3}
STUDY_CUTS = {"low": 1.0, "moderate": 3.2, "high": 3.8}


def normal(rng: np.random.Generator, mean: float) -> tuple[pd.DataFrame, pd.Series]:
    """Draw ratings of units around a mean, and the units' true scores."""
    unit, assessor, item = (
        np.sqrt(variance) * rng.standard_normal(size)
        for variance, size in ((0.25, (J, 1, 1)), (0.04, (1, A, 1)), (0.09, (1, 1, K)))
    )
    both = np.sqrt(0.09) * rng.standard_normal((J, A, 1))
    by_item = np.sqrt(0.06) * rng.standard_normal((J, 1, K))
    conditions = np.sqrt(0.01) * rng.standard_normal((1, A, K))
    error = np.sqrt(0.36) * rng.standard_normal((J, A, K))
    y = mean + unit + assessor + item + both + by_item + conditions + error
    j, a, k = (index.ravel() for index in np.indices(y.shape))
    data = pd.DataFrame({"unit": j, "assessor": a, "item": k, "rating": y.ravel()})
    return data, pd.Series(mean + unit.ravel())


def simulated(seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Draw a study; take observers' ratings after the programme, and the true scores."""
    study = cp.simulate(
        seed=seed, sites=10, teams=2, people=8, observers=3, goals=0, alters=0,
        attrition=0.0, missing=0.0, missing_ratings=0.0,
    )  # fmt: skip
    after, programme = study.truth["waves"][1], study.truth["arms"][1]
    rows = study.joined("fidelity")
    rows = rows[
        (rows["wave"] == after) & (rows["arm"] == programme) & (rows["informant"] == "observer")
    ]
    items = [name for name in rows.columns if name.startswith("connecting_people_")]
    data = rows.melt(["person", "assessor"], items, var_name="item", value_name="rating")
    data = data.rename(columns={"person": "unit"})
    truth = study.truth["person_values"]
    truth = truth[truth["wave"] == after].set_index("person")["fidelity_score"]
    return data, truth


def count(tallies: np.ndarray, found, truth: pd.Series, cuts: dict[str, float]) -> None:
    """Add each chance, and whether it came true, to the tallies, shape (bins, 3)."""
    starts = np.array(list(cuts.values())[1:])
    table = found.table
    true = np.searchsorted(starts, truth.reindex(table["unit"]).to_numpy(), side="right")
    for place, name in enumerate(cuts):
        chance = table[f"p_{name}"].to_numpy()
        bins = np.clip(np.searchsorted(BINS, chance, side="right") - 1, 0, BINS.size - 2)
        np.add.at(tallies, bins, np.column_stack([np.ones_like(chance), chance, true == place]))


def scores(data: pd.DataFrame) -> pd.DataFrame:
    """Return each unit's mean."""
    return data.groupby("unit")["rating"].mean().rename("estimate").reset_index()


def main() -> None:
    """Simulate and print the table."""
    rng = np.random.default_rng(1)
    names = ("known error", "normal", "flat prior", "always 3", "simulated study")
    tallies = {name: np.zeros((SAMPLES, BINS.size - 1, 3)) for name in names}
    accuracy: dict[str, list[tuple[float, float]]] = {name: [] for name in names}

    def add(name, found, truth, cuts) -> None:
        """Count the chances and the categories of the present sample."""
        count(tallies[name][sample], found, truth, cuts)
        starts = np.array(list(cuts.values())[1:])
        true = np.searchsorted(starts, truth.reindex(found.table["unit"]).to_numpy(), side="right")
        right = (found.table["category"].to_numpy() == np.array(list(cuts))[true]).mean()
        accuracy[name].append((found.accuracy, right))

    relative = 0.09 / A + 0.06 / K + 0.36 / (A * K)
    exact = replace(
        fidelity.generalisability(normal(rng, 3.0)[0]),
        unit_variance=0.25,
        sem_relative=relative**0.5,
        sem=(relative + 0.04 / A + 0.09 / K + 0.01 / (A * K)) ** 0.5,
    )
    for sample in range(SAMPLES):
        data, truth = normal(rng, 3 + 0.5 * rng.standard_normal())
        g = fidelity.generalisability(data)
        for name, error, prior in (
            ("known error", exact, "regressed"),
            ("normal", g, "regressed"),
            ("flat prior", g, "flat"),
        ):
            found = fidelity.classify(scores(data), cuts=CUTS, error=error, prior=prior)
            add(name, found, truth, CUTS)
        data, truth = normal(rng, 3.0)
        found = fidelity.classify(scores(data), cuts=CUTS, error=fidelity.generalisability(data))
        add("always 3", found, truth, CUTS)
        data, truth = simulated(sample)
        error = fidelity.decision_study(fidelity.generalisability(data), fixed=["item"])
        found = fidelity.classify(scores(data), cuts=STUDY_CUTS, error=error)
        add("simulated study", found, truth, STUDY_CUTS)
    for name, tally in tallies.items():
        print(name)
        stated, right = np.mean(accuracy[name], axis=0)
        print(f"  accuracy stated {100 * stated:.1f}, found {100 * right:.1f}")
        for low, high, part in zip(BINS[:-1], BINS[1:], tally.swapaxes(0, 1), strict=True):
            n, chance, hits = part.sum(axis=0)
            share, said = hits / n, chance / n
            # A sample's units share assessors and items, so the sample is what counts.
            error = (((part[:, 2] - share * part[:, 0]) ** 2).sum()) ** 0.5 / n
            print(
                f"  {low:.2f} to {high:.2f}: {n:6.0f} chances, mean {100 * said:5.1f}, "
                f"true {100 * share:5.1f} (± {100 * error:.1f})"
            )


if __name__ == "__main__":
    main()
