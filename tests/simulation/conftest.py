"""A large draw, and scores of a draw that the package's own scoring has no part in."""

import tomllib
from pathlib import Path

import pytest

import cpeval as cp

SHIPPED = Path(cp.__file__).parent / "instruments"


@pytest.fixture(scope="session")
def metric():
    """The shipped table from raw SWEMWBS scores to the metric."""
    table = tomllib.loads((SHIPPED / "swemwbs.toml").read_text("utf-8"))["scales"][1]["lookup"]
    return {int(raw): value for raw, value in table.items()}


@pytest.fixture(scope="session")
def scored(metric):
    """Scores of people who answered everything: raw, metric, rg."""

    def score(study):
        data = study.data
        raw = data.filter(regex=r"^swemwbs_\d+$").sum(axis=1, skipna=False)
        rg = data.filter(regex=r"^rg_uk_\d+$").sum(axis=1, skipna=False)
        return data.assign(raw=raw, metric=raw.map(metric), rg=rg)

    return score


@pytest.fixture(scope="session")
def large():
    return cp.simulate(
        seed=11,
        sites=400,
        people=20,
        waves=["t0", "t1", "t2"],
        effect=[2.0, 1.0],
        fidelity_effect=1.5,
        trend=[0.5, 1.0],
        resource_effect=[2.5, 0.0],
        goal_effect=[0.6, 0.9],
        network_effect=[1.0, 2.0],
        contact_ratio=[0.8, 0.9],
        icc_site=0.05,
        icc_team=0.08,
        attrition=0,
        missing=0,
        missing_ratings=0,
    )


@pytest.fixture(scope="session")
def large_scores(large, scored):
    return scored(large)
