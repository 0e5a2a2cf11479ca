"""A seed that can't be one is refused in the same words wherever randomness is used."""

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import OptionError

ITEMS = pd.DataFrame(np.random.default_rng(1).integers(0, 4, (60, 4)), columns=list("abcd"))
USERS = {
    "reliability": lambda seed: cp.measurement.reliability(ITEMS, seed=seed),
    "scalability": lambda seed: cp.measurement.scalability(ITEMS, seed=seed),
    "select_scales": lambda seed: cp.measurement.select_scales(ITEMS, seed=seed),
    "monotonicity": lambda seed: cp.measurement.monotonicity(ITEMS, seed=seed),
    "invariant_ordering": lambda seed: cp.measurement.invariant_ordering(ITEMS, seed=seed),
    "dif": lambda seed: cp.measurement.dif(ITEMS, ["x", "y"] * 30, method="mantel", seed=seed),
    "dimensions": lambda seed: cp.measurement.dimensions(ITEMS, draws=20, seed=seed),
    "responsiveness": lambda seed: cp.measurement.responsiveness(ITEMS.a, ITEMS.b, seed=seed),
}


@pytest.mark.parametrize("seed", ["1", -1, 1.0, True, [1], np.random.RandomState(1)])
@pytest.mark.parametrize("name", USERS)
def test_refuses_what_is_no_seed(name, seed):
    with pytest.raises(OptionError, match=r"'seed' must be a whole number of at least 0.*Got "):
        USERS[name](seed)


@pytest.mark.parametrize(
    "make", [lambda: None, lambda: 7, lambda: np.int64(7), np.random.default_rng]
)
@pytest.mark.parametrize("name", USERS)
def test_takes_what_is(name, make):
    USERS[name](make())


def test_the_generator_of_studies_takes_the_same():
    with pytest.raises(OptionError, match="seed"):
        cp.simulate(seed=-1)
