"""Agreement between informants: a published table, and `cpeval.measurement` on the same ratings."""

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import LevelError, OptionError, TooFewError

from .rated import FID, ITEMS, STUDY, ratings, score

# Shrout & Fleiss (1979), table 2: six targets by four judges; ICC(2,1) = .29 in their table 4.
JUDGES = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
PUBLISHED = 0.29
ROUNDED = 0.005  # two printed digits


def agreement(data, **changes):
    return cp.fidelity.agreement(score(data), **changes)


def test_icc_of_a_scale_is_the_published_one():
    ten = cp.Instrument.from_mapping(
        {
            "name": "one",
            "title": "One item",
            "citation": "Shrout & Fleiss (1979).",
            "licence": {"terms": "free"},
            "responses": {"ten": {"codes": {"1": "low", "10": "high"}, "between": True}},
            "items": [{"code": "1", "label": "judged", "responses": "ten"}],
            "scales": [{"label": "Judged", "items": "all"}],
        }
    )
    rows = pd.DataFrame(JUDGES, columns=list("abcd")).reset_index(names="target")
    data = rows.melt(id_vars="target", var_name="judge", value_name="one_1")
    study = cp.Study(person="target")
    made = cp.fidelity.agreement(data, ten, study, informant="judge")
    icc = made.table[made.table["term"] == "icc"].iloc[0]
    assert abs(icc["estimate"] - PUBLISHED) < ROUNDED
    assert icc["n"] == 6
    assert made.raters == ("a", "b", "c", "d")


def wide(data, values):
    """Units and waves by informant, the first assessor of each."""
    first = data.sort_values("assessor").drop_duplicates(["id", "wave", "informant"])
    return first.pivot(index=["id", "wave"], columns="informant", values=values)


def test_items_and_scales_are_those_of_measurement():
    data = ratings(5, sites=2, people=12, gaps=0.05)
    data = data.replace({name: {9: np.nan} for name in ITEMS})
    table = agreement(data).table
    everywhere = table[table["site"].isna()].set_index(["term", "item"])
    for code, name in enumerate(ITEMS, start=1):
        plain = cp.measurement.agreement(
            wide(data, name), weights="quadratic", categories=[1, 2, 3, 4, 5]
        ).table.set_index("coefficient")
        for term, coefficient in (("weighted_kappa", "conger_kappa"), ("gwet_ac", "gwet_ac")):
            columns = ["estimate", "ci_low", "ci_high"]
            np.testing.assert_array_equal(
                everywhere.loc[(term, str(code)), columns].astype(float),
                plain.loc[coefficient, columns].astype(float),
            )
    scored = cp.score(data, FID)
    # By site and all together; the columns' order doesn't matter to an ICC.
    for site, rows in [(None, scored), *scored.groupby("site")]:
        plain = cp.measurement.icc(wide(rows, "fid")).generalised.iloc[0]
        here = table["site"].isna() if site is None else table["site"] == site
        one = table[here & (table["scale"] == "fid")].iloc[0]
        for column in ("estimate", "ci_low", "ci_high"):
            np.testing.assert_allclose(one[column], plain[column], rtol=1e-6, atol=1e-8)


def test_assessors_of_one_informant_may_be_compared():
    data = ratings(5, people=8, gaps=0.05)
    made = agreement(data, of="observer", by_site=False)
    assert made.raters == ("O1", "O2")
    rows = data[data["informant"] == "observer"].replace({"fid_1": {9: np.nan}})
    pairs = rows.pivot(index=["id", "wave"], columns="assessor", values="fid_1")
    plain = cp.measurement.agreement(pairs, weights="quadratic", categories=[1, 2, 3, 4, 5])
    kappa = plain.table.set_index("coefficient").loc["cohen_kappa", "estimate"]
    mine = made.table.query("term == 'weighted_kappa' and item == '1'")["estimate"].item()
    assert mine == kappa
    with pytest.raises(OptionError, match="'reviewer' is no informant"):
        agreement(data, of="reviewer")
    with pytest.raises(OptionError, match="no assessor= was named"):
        cp.fidelity.agreement(score(data, duplicates="first", assessor=None), of="observer")
    with pytest.raises(TooFewError, match=r"two assessors of 'worker'\. There is 1: 'W'"):
        agreement(data, of="worker")


def test_small_n_and_no_spread_are_rows_that_say_why():
    data = ratings(5, sites=2, teams=1, people=3, gaps=0).assign(fid_1=3)
    data = data[(data["site"] == "S0") | (data["id"] == "p003")]
    data = data[(data["site"] == "S0") | (data["wave"] == "t0")]
    made = agreement(data)
    lone = made.table[made.table["site"] == "S1"]
    assert lone["estimate"].isna().all()
    assert lone["why"].notna().all()
    assert lone["n"].tolist() == [1, 1]
    flat = made.table.query("term == 'weighted_kappa' and item == '1'").iloc[0]
    assert np.isnan(flat["estimate"])
    assert flat["why"]
    assert any("coefficients can't be had" in text for text in made.warnings)
    assert any("below fifty units" in text for text in made.warnings)


def test_who_rated_alone_is_counted_and_consensus_passed_over():
    data = ratings(5, gaps=0)
    less = data[(data["id"] != "p000") | (data["informant"] == "worker")]
    made = agreement(less, by_site=False)
    assert made.n_alone == 2
    rows = data[data["informant"] == "worker"].assign(informant="consensus")
    both = agreement(pd.concat([data, rows]), by_site=False)
    assert both.table.equals(agreement(data, by_site=False).table)


def test_one_informant_is_too_few():
    data = ratings(5)
    with pytest.raises(TooFewError, match=r"two informants\. There is 1: 'worker'"):
        agreement(data[data["informant"] == "worker"])
    with pytest.raises(LevelError):
        agreement(data, level=95)


def test_small_counts_are_of_units_not_of_their_occasions():
    """Four people on two occasions are more than four subjects, and still four people."""
    data = ratings()
    few = data[data["id"].isin(data["id"].unique()[:4])]
    found = cp.fidelity.agreement(
        few, FID, STUDY, informant="informant", assessor="assessor", by_site=False
    )
    rows = found.table[found.table["scale"].notna()]
    assert (rows["n"] > rows["n_units"]).all()
    assert (rows["n_units"] <= 4).all()
    assert (rows["n"] >= 5).any()
    assert rows["small"].all()
    assert "when each occasion counts" in found.note
