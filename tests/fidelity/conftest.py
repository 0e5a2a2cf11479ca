"""Ratings that several tests draw."""

import numpy as np
import pandas as pd
import pytest


def draw(units=12, assessors=3, items=4, *, seed=0, gaps=0.0):
    """Long ratings of units by assessors on items, all crossed."""
    rng = np.random.default_rng(seed)
    y = (
        3
        + 0.7 * rng.standard_normal((units, 1, 1))
        + 0.3 * rng.standard_normal((1, assessors, 1))
        + 0.4 * rng.standard_normal((1, 1, items))
        + 0.3 * rng.standard_normal((units, assessors, 1))
        + 0.6 * rng.standard_normal((units, assessors, items))
    )
    j, a, k = (index.ravel() for index in np.indices(y.shape))
    data = pd.DataFrame(
        {
            "unit": [f"team {x}" for x in j],
            "assessor": [f"O{x}" for x in a],
            "item": k,
            "rating": y.ravel(),
        }
    )
    return data[rng.random(len(data)) >= gaps].reset_index(drop=True)


@pytest.fixture(scope="session")
def drawn():
    """Return the function that draws ratings."""
    return draw
