"""Moments add up: merged moments are those of merged data, in any order and unit."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, strategies as st

import cpeval as cp
from cpeval.errors import ColumnError, DataError, OptionError, TooFewError
from cpeval.moments import SiteMoments

from .conftest import made, with_gaps

RTOL = 1e-10  # sums in another order, relative to each column's spread
FORMULA = "y ~ arm + baseline + C(sex) + arm:baseline"
LEVELS = {"arm": ["CP", "usual"], "sex": ["f", "m", "x"]}
SEEDS = st.integers(0, 10_000)


def of(data, formula=FORMULA, **options):
    return SiteMoments.from_data(
        data, formula, **{"site": "trust", "team": "team", "levels": LEVELS} | options
    )


def assert_same(one, other):
    assert one.terms == other.terms
    assert (one.site, one.team) == (other.site, other.team)
    np.testing.assert_array_equal(one.n, other.n)
    np.testing.assert_array_equal(one.dropped, other.dropped)
    for by in ("site", "team"):
        mine, theirs = one.blocks(by), other.blocks(by)
        size = np.sqrt(np.einsum("gqq->q", theirs.blocks)) + np.finfo(float).tiny
        scale = np.outer(size, size)
        np.testing.assert_allclose(mine.blocks / scale, theirs.blocks / scale, atol=RTOL, rtol=0)
        np.testing.assert_allclose(mine.origin.x, theirs.origin.x, rtol=RTOL)
        np.testing.assert_array_equal(mine.counts, theirs.counts)


@given(seed=SEEDS, weights=st.sampled_from([None, "w"]), share=st.floats(0.05, 0.95))
def test_merged_moments_are_those_of_merged_data(seed, weights, share):
    data = with_gaps(made(seed))
    first = np.random.default_rng(seed).random(len(data)) < share
    merged = of(data[first], weights=weights) + of(data[~first], weights=weights)
    assert_same(merged, of(data, weights=weights))


@given(seed=SEEDS)
def test_sites_add_up_in_any_order(seed):
    data = made(seed)
    parts = [of(rows) for _, rows in data.groupby("trust")]
    np.random.default_rng(seed).shuffle(parts)
    assert_same(sum(parts[1:], parts[0]), of(data))


@given(seed=SEEDS)
def test_row_order_does_not_matter(seed):
    data = with_gaps(made(seed))
    assert_same(of(data.sample(frac=1, random_state=seed)), of(data))


@given(seed=SEEDS, a=st.floats(0.01, 100), b=st.floats(-1e4, 1e4))
def test_units_rescale(seed, a, b):
    data = made(seed)
    one = cp.sites.linear(of(data, team=None)).table.set_index("term")
    other = cp.sites.linear(of(data.assign(y=a * data.y + b), team=None)).table.set_index("term")
    # A shift by b costs digits in proportion to it.
    rtol = 1e-9 + 1e-14 * abs(b) / a
    for column in ("estimate", "se"):
        rest = one[column].iloc[1:]
        np.testing.assert_allclose(
            other[column].iloc[1:], a * rest, rtol=rtol, atol=a * rtol * rest.abs().max()
        )
    np.testing.assert_allclose(other.df, one.df, rtol=1e-8)


def test_sites_may_lie_far_apart():
    """Each about 1e8 with spread 1, merged from moments with other origins."""
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"trust": np.repeat(list("ABC"), 40), "x": rng.normal(0, 1, 120)})
    data["y"] = 1e8 + data.x + rng.normal(0, 1, 120)
    data["x"] += 1e8
    parts = [
        SiteMoments.from_data(rows, "y ~ x", site="trust") for _, rows in data.groupby("trust")
    ]
    merged = cp.sites.linear(parts[0] + parts[1] + parts[2])
    near = data.assign(x=data.x - 1e8, y=data.y - 1e8)  # exact: no digit is lost
    expected = cp.sites.linear(SiteMoments.from_data(near, "y ~ x", site="trust"))
    for column in ("estimate", "se", "df", "p"):
        np.testing.assert_allclose(
            merged.table[column][1], expected.table[column][1], rtol=1e-8, err_msg=column
        )


def test_other_models_are_refused_by_name():
    data = made()
    one = of(data)
    with pytest.raises(DataError, match=r"first alone: 'arm\[T.usual\]:baseline'"):
        one + of(data, "y ~ arm + baseline + C(sex)")
    with pytest.raises(DataError, match="outcome: 'y' and 'w'"):
        one + of(data, FORMULA.replace("y ~", "w ~"))
    with pytest.raises(DataError, match="teams: True and False"):
        one + of(data, team=None)
    with pytest.raises(DataError, match="weights: False and True"):
        one + of(data, weights="w")
    with pytest.raises(DataError, match=r"levels of 'arm': 'CP', 'usual' and 'usual', 'CP'|alone"):
        one + of(data, levels={**LEVELS, "arm": ["CP", "usual", "z"]})
    other = of(data, "y ~ arm + C(sex, Treatment('m'))")
    with pytest.raises(DataError, match="different models"):
        of(data, "y ~ arm + C(sex)") + other
    with pytest.raises(TypeError):
        one + 1


def test_a_site_with_one_arm_takes_its_levels_from_another():
    data = made()
    whole = of(data, "y ~ arm", levels=None)
    one_arm = data[(data.trust == "Bury") & (data.arm == "CP")]
    assert of(one_arm, "y ~ arm", levels=None).terms == ("Intercept",)
    assert of(one_arm, "y ~ arm", levels=whole.levels).terms == whole.terms


def test_dropping_a_site_is_leaving_out_its_rows():
    data = with_gaps(made())
    data = data[data.trust.notna()]
    assert_same(of(data).drop("Bury"), of(data[data.trust != "Bury"]))
    with pytest.raises(OptionError, match=r"no site 'Burry' \(did you mean 'Bury'\?\)"):
        of(data).drop("Burry")
    only = data[data.trust == "Bury"]
    with pytest.raises(TooFewError, match="only site"):
        of(only).drop("Bury")


def test_selected_terms_are_those_of_the_smaller_model():
    data = made()
    small = of(data).select(["arm", "C(sex)"])
    assert_same(small, of(data, "y ~ arm + C(sex)"))
    assert small.formula == "y ~ arm + C(sex)"
    assert of(data).select(["C(sex)[T.m]"]).terms == ("Intercept", "C(sex)[T.m]")
    assert of(data).select([]).formula == "y ~ 1"
    with pytest.raises(OptionError, match=r"'C\(sx\)' \(did you mean 'C\(sex\)'\?\)"):
        of(data).select(["C(sx)"])


def test_the_same_team_name_in_two_sites_is_two_teams():
    moments = of(made())
    assert len(moments.blocks("team").labels) == 12
    assert moments.blocks("team").group.max() == 3
    with pytest.raises(OptionError, match="no teams"):
        of(made(), team=None).blocks("team")
    with pytest.raises(OptionError, match="'by' must be one of"):
        moments.blocks("ward")


def test_rows_left_out_are_counted_where_they_belong():
    data = made()
    data.loc[:2, "y"] = np.nan
    data.loc[3, "trust"] = None
    table = of(data, team=None).table
    expected = data[data.y.isna()].groupby("trust").size()
    found = table[table.site.notna()].set_index("site").dropped
    assert (found.loc[expected.index] == expected).all()
    assert table[table.site.isna()].dropped.tolist() == [1]
    assert table.n.sum() + table.dropped.sum() == len(data)


def test_nothing_complete_is_refused():
    data = made()
    for empty in (data.assign(y=np.nan), data[:0], data.assign(trust=None), data.assign(sex=None)):
        with pytest.raises(TooFewError, match="No row"):
            of(empty, levels=None)
        with pytest.raises(TooFewError, match="No row"):
            of(pl.from_pandas(empty).lazy(), levels=None)
    with pytest.raises(ColumnError):
        of(pd.DataFrame())


def test_study_names_columns_and_the_comparison_is_the_reference():
    data = made()
    study = cp.Study(person="id", site="trust", team="team", arm="arm", intervention="CP")
    moments = SiteMoments.from_data(data, "y ~ arm", study=study)
    assert moments.terms == ("Intercept", "arm[T.CP]")
    assert (moments.site_column, moments.team_column) == ("trust", "team")
    other = cp.Study(person="id", site="trust", arm="arm", intervention="cp")
    with pytest.raises(DataError, match="other than two arms"):
        SiteMoments.from_data(data, "y ~ arm", study=other)
    with pytest.raises(OptionError, match="which column has the sites"):
        SiteMoments.from_data(data, "y ~ arm")
    with pytest.raises(OptionError, match="the same column"):
        SiteMoments.from_data(data, "y ~ arm", site="trust", team="trust")
    with pytest.raises(ColumnError, match="more than one column named 'y'"):
        SiteMoments.from_data(data.rename(columns={"w": "y"}), "y ~ arm", site="trust")
    with pytest.raises(OptionError, match="dataframe"):
        SiteMoments.from_data([1, 2], "y ~ arm", site="trust")


def test_shows_itself_with_names_escaped():
    shown = of(made())._repr_html_()
    assert "Ö &lt;b&gt;" in shown
    assert "<b>" not in shown
    assert "4 sites, 12 teams" in repr(of(made()))
