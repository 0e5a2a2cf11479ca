"""A made study for moments, and the rows of a model by formulaic's own materialiser."""

import numpy as np
import pandas as pd
import pytest


def made(seed=0, n=240, sites=4):
    """Rows of people with all that a formula can use; gaps in some."""
    rng = np.random.default_rng(seed)
    names = np.array(["Ashford", "Bury", "Île", "Ö <b>"])[:sites]
    data = pd.DataFrame(
        {
            "trust": rng.choice(names, n),
            "team": rng.choice(["t 1", "t2", "t3"], n),
            "arm": rng.choice(["CP", "usual"], n),
            "sex": rng.choice(["f", "m", "x"], n),
            "grade": rng.integers(1, 4, n),
            "told": rng.random(n) < 0.5,
            "age at start": rng.integers(18, 80, n).astype(float),
            "baseline": rng.normal(10, 3, n),
            "w": rng.uniform(0.5, 2, n),
        }
    )
    data["y"] = data.baseline + 2 * (data.arm == "CP") + rng.normal(0, 2, n)
    return data


def with_gaps(data):
    """The same with values missing in each column that a model may use."""
    data = data.copy()
    for row, column in enumerate(["y", "baseline", "sex", "trust", "team", "w", "arm"]):
        data[column] = data[column].astype(object if data[column].dtype.kind not in "f" else float)
        data.loc[10 * row + 3, column] = np.nan if data[column].dtype.kind == "f" else None
    return data


@pytest.fixture
def study_data():
    return made()
