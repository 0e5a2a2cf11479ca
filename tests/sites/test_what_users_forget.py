"""What is easily forgotten when making moments of a study, and is then said."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import cpeval as cp
from cpeval.errors import WaveError

STUDY = cp.Study(
    person="id", site="trust", team="team", arm="arm", intervention="CP", wave="wave",
    baseline=0, follow_up=1,
)  # fmt: skip


def people(sites=5, each=15, seed=4):
    """Two waves of teams in trusts, a team an arm, a row a person and wave."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(2 * sites), each)
    data = pd.DataFrame({"id": range(unit.size), "trust": [f"T{u // 2}" for u in unit]})
    data["team"], data["arm"] = unit % 2, np.where(unit % 2, "CP", "usual")
    data["b"] = rng.normal(20, 3, unit.size)
    data["y"] = data["b"] + rng.normal(0, 0.7, 2 * sites)[unit] + rng.normal(0, 2, unit.size)
    return pd.concat([data.assign(wave=0, y=data["b"]), data.assign(wave=1)], ignore_index=True)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pl.LazyFrame])
def test_a_row_a_wave_is_refused_where_rows_stand_for_people(kind):
    data = people()
    frame = data if kind is pd.DataFrame else kind(data.to_dict("list"))
    with pytest.raises(WaveError, match=r"'wave' holds 0, 1.*Keep one wave"):
        cp.SiteMoments.from_data(frame, "y ~ arm", study=STUDY)
    one = data[data["wave"] == 1]
    assert cp.SiteMoments.from_data(one, "y ~ arm", study=STUDY).n.sum() == 150
    assert cp.SiteMoments.from_data(frame, "y ~ arm * wave", study=STUDY).n.sum() == 300


def test_gee_refuses_waves_too():
    data = people().assign(well=lambda d: (d["y"] > 20).astype(int))
    with pytest.raises(WaveError, match="Keep one wave"):
        cp.sites.gee(data, "well ~ arm", study=STUDY)


def test_naming_the_study_s_own_site_keeps_its_teams():
    data = people().query("wave == 1")
    assert (
        cp.SiteMoments.from_data(data, "y ~ arm", site="trust", study=STUDY).team_column == "team"
    )
    assert cp.SiteMoments.from_data(data, "y ~ arm", site="team", study=STUDY).team_column is None


def test_a_mixed_model_without_the_teams_that_got_the_arm_says_so():
    data = people().query("wave == 1")
    moments = cp.SiteMoments.from_data(data, "y ~ arm + b", study=STUDY)
    said = " ".join(cp.sites.mixed(moments).warnings)
    assert "Whole teams have 'arm[T.CP]', and differences between teams are no part" in said
    both = cp.sites.mixed(moments, random=("site", "team"))
    assert "Whole teams" not in " ".join(both.warnings)


def test_an_arm_that_goes_with_a_site_is_named():
    data = people().query("wave == 1").assign(arm=lambda d: np.where(d["trust"] < "T2", "CP", "u"))
    moments = cp.SiteMoments.from_data(data, "y ~ arm + C(trust)", study=STUDY)
    said = " ".join(cp.sites.linear(moments).warnings)
    assert "The data can't tell" in said
    assert "'arm[T.CP]'" in said
    assert "take the terms out that go with it" in said


def test_moments_of_sites_can_be_summed():
    data = people().query("wave == 1")
    parts = [
        cp.SiteMoments.from_data(rows, "y ~ arm + b", study=STUDY)
        for _, rows in data.groupby("trust")
    ]
    whole = cp.SiteMoments.from_data(data, "y ~ arm + b", study=STUDY)
    np.testing.assert_allclose(sum(parts).cross, whole.cross, rtol=1e-9)


def test_a_bootstrap_that_rejects_beside_an_interval_that_doesn_t_says_so():
    rng = np.random.default_rng(1)
    for seed in range(60):
        data = people(seed=seed).query("wave == 1")
        names = data["trust"] + data["team"].astype(str)
        data = data.assign(
            size=names.map(dict(zip(names.unique(), rng.permutation(10), strict=True)))
        )
        moments = cp.SiteMoments.from_data(data, "y ~ arm + b + size", study=STUDY)
        found = cp.sites.wild_bootstrap(moments, "arm[T.CP]", weights="webb", seed=0, draws=999)
        row = found.table.iloc[0]
        odd = row["p"] < 0.05 and row["ci_low"] < 0 < row["ci_high"]
        assert odd == any("and yet the interval holds 0" in text for text in found.warnings)
