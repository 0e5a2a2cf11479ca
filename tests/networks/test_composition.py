"""What alters are like, and like whom: against R, and by hand."""

from math import log

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import cpeval as cp
from cpeval.errors import ColumnError, DataError, OptionError

#: Closed forms; R printed 17 digits.
RTOL = 1e-10


def networks(relations, egos=None, **columns):
    """One list of relations an ego."""
    names = [f"e{k}" for k in range(len(relations))]
    rows = [
        (name, j, r) for name, own in zip(names, relations, strict=True) for j, r in enumerate(own)
    ]
    alters = pd.DataFrame(rows, columns=["ego", "alter", "relation"]).assign(**columns)
    return cp.EgoNetworks(pd.DataFrame({"ego": names} | (egos or {})), alters)


@pytest.fixture(scope="module")
def karate(reference, from_graph):
    """Alters and egos with their club."""
    made = from_graph(reference["karate"]["edges"]).to_tables()
    club = {int(node): name for node, name in reference["karate"]["club"].items()}
    stored = reference["karate"]["composition"]
    expected = pd.DataFrame(stored["values"], columns=stored["cols"], dtype=float)
    expected = expected.assign(ego=[int(row) for row in stored["rows"]]).sort_values("ego")
    egos, alters = made.egos, made.alters
    egos["club"], alters["club"] = egos["ego"].map(club), alters["alter"].map(club)
    return cp.EgoNetworks(egos, alters, made.ties), expected


def test_diversity_equals_r(karate):
    made, expected = karate
    table = made.composition("club").table
    assert table["ego"].tolist() == expected["ego"].tolist()
    for name in ("blau", "iqv"):
        np.testing.assert_allclose(table[name], expected[name], rtol=RTOL, atol=1e-15)
    unbiased = table["blau"] * table["n"] / (table["n"] - 1).where(table["n"] > 1)
    np.testing.assert_allclose(unbiased, expected["blau_unbiased"], rtol=RTOL, atol=1e-15)


def test_homophily_equals_r(karate):
    made, expected = karate
    table = made.homophily("club", ego="club").table
    for name in ("ei", "internal", "external"):
        np.testing.assert_allclose(table[name], expected[name], rtol=RTOL)


def test_composition_by_hand():
    made = networks([["kin", "kin", "friend", None], [], ["kin"]])
    result = made.composition("relation", categories=["kin", "friend", "other"])
    expected = pd.DataFrame(
        {
            "ego": ["e0", "e1", "e2"],
            "n": [3, 0, 1],
            "missing": [1, 0, 0],
            "blau": [4 / 9, np.nan, 0],
            "iqv": [2 / 3, np.nan, 0],
            "entropy": [-2 / 3 * log(2 / 3) - 1 / 3 * log(1 / 3), np.nan, 0],
            "share_kin": [2 / 3, np.nan, 1],
            "share_friend": [1 / 3, np.nan, 0],
            "share_other": [0, np.nan, 0],
        }
    )
    pd.testing.assert_frame_equal(result.table, expected, rtol=RTOL)
    assert result.categories == ("kin", "friend", "other")
    assert "1 of 5 alters has no value of 'relation'" in result.warnings[-1]


def test_numbers_have_mean_and_sd():
    made = networks([[1, 2, 3, 6], [5], [], [None]])
    table = made.composition("relation").table
    assert table["n"].tolist() == [4, 1, 0, 0]
    np.testing.assert_allclose(table["mean"], [3, 5, np.nan, np.nan], rtol=RTOL)
    np.testing.assert_allclose(table["sd"], [(14 / 3) ** 0.5, np.nan, np.nan, np.nan], rtol=RTOL)


def test_large_numbers_keep_their_digits():
    table = networks([[1e9 + 1, 1e9 + 2, 1e9 + 3]]).composition("relation").table
    assert table["sd"].item() == pytest.approx(1, rel=1e-9)


def test_circles_are_categories_when_asked():
    table = networks([[1, 1, 3]]).composition("relation", categories=[1, 2, 3]).table
    assert table[["share_1", "share_2", "share_3"]].iloc[0].tolist() == pytest.approx(
        [2 / 3, 0, 1 / 3]
    )


@pytest.mark.parametrize("values", [[[None, None], []], [[], []]])
def test_nothing_known_is_missing_and_counted(values):
    table = networks(values).composition("relation").table
    assert table["n"].tolist() == [0, 0]
    assert table["blau"].isna().all()
    assert table["missing"].sum() == sum(map(len, values))


def test_bad_columns_and_categories_are_refused():
    made = networks([["kin", "freind"], ["kin"]])
    with pytest.raises(DataError, match=r"'freind' \(did you mean 'friend'\?\) in row 2"):
        made.composition("relation", categories=["kin", "friend"])
    with pytest.raises(OptionError, match="'categories' must be a list"):
        made.composition("relation", categories=["kin", "kin"])
    with pytest.raises(ColumnError, match="The alters have no column 'relatoin'"):
        made.composition("relatoin")
    with pytest.raises(OptionError, match="has 150 different values"):
        networks([[f"name {k}" for k in range(150)]]).composition("relation")
    with pytest.raises(ColumnError, match="read alike: 1, '1'"):
        networks([[1, "1"]]).composition("relation")


# Ego 0 is f with 3 f and 1 m; ego 1 is m with 1 m and 2 f; ego 2 named nobody; ego 3 is unknown.
GENDER = networks([list("fffm"), list("mff"), [], list("fm")], {"sex": ["f", "m", "f", None]})


def test_homophily_by_hand():
    population = {"f": 0.5, "m": 0.5}
    result = GENDER.homophily("relation", ego="sex", population=population)
    table = result.table
    assert table["n"].tolist() == [4, 3, 0, 0]
    assert table["internal"].tolist() == [3, 1, 0, 0]
    np.testing.assert_allclose(table["same"], [3 / 4, 1 / 3, np.nan, np.nan], rtol=RTOL)
    np.testing.assert_allclose(table["ei"], [-1 / 2, 1 / 3, np.nan, np.nan], rtol=RTOL)
    # Coleman: (.75 - .5) / .5, and below what is expected (1/3 - 1/2) / (1/2).
    np.testing.assert_allclose(table["coleman"], [1 / 2, -1 / 3, np.nan, np.nan], rtol=RTOL)
    # Yule: odds 3 and 1/2 against odds 1: (3 - 1) / (3 + 1), (1/2 - 1) / (1/2 + 1).
    np.testing.assert_allclose(table["yules_q"], [1 / 2, -1 / 3, np.nan, np.nan], rtol=RTOL)
    assert result.n_excluded == 1
    assert result.groups["networks"].tolist() == [2, 1]
    assert result.groups["n"].tolist() == [4, 3]


def test_by_default_the_population_are_all_alters():
    groups = GENDER.homophily("relation", ego="sex").groups
    np.testing.assert_allclose(groups["population"], [6 / 9, 3 / 9], rtol=RTOL)
    # Of the f: 3 of 4 against 2/3; odds 3 against 2.
    assert groups["coleman"].iloc[0] == pytest.approx((3 / 4 - 2 / 3) / (1 / 3), rel=RTOL)
    assert groups["yules_q"].iloc[0] == pytest.approx((3 - 2) / (3 + 2), rel=RTOL)


def test_groups_that_are_spelt_differently_are_noticed():
    own = {"sex": ["F ", "M"], "woman": ["f", "other"]}
    made = networks([list("fm"), list("f")], own)
    with pytest.raises(DataError, match="'F ' and 'f'; 'M' and 'm', which would count as unlike"):
        made.homophily("relation", ego="sex")
    warnings = made.homophily("relation", ego="woman").warnings
    assert any("Egos have 'other', and no alter has" in text for text in warnings)
    with pytest.raises(DataError, match="1 and '1'"):
        networks([["1"]], {"sex": [1]}).homophily("relation", ego="sex")


@pytest.mark.parametrize(
    "population", [{"f": 1.0}, {"f": 0.6, "m": 0.6}, {"f": 1.5, "m": -0.5}, {"f": "1", "m": 0.0}]
)
def test_a_population_is_a_share_for_each_group(population):
    with pytest.raises(OptionError, match="'population' must give each group of 'relation'"):
        GENDER.homophily("relation", ego="sex", population=population)


@settings(max_examples=30)
@given(st.lists(st.lists(st.sampled_from("abc"), max_size=6), min_size=1, max_size=5))
def test_indices_stay_in_their_ranges(relations):
    made = networks(relations, {"own": ["a"] * len(relations)})
    composition = made.composition("relation", categories=["a", "b", "c"]).table
    assert composition["iqv"].dropna().between(-1e-12, 1 + 1e-12).all()
    assert composition["entropy"].dropna().between(0, log(3) + 1e-12).all()
    if all(not own for own in relations):
        return
    table = made.homophily("relation", ego="own").table
    for name in ("ei", "yules_q", "coleman"):
        assert table[name].dropna().between(-1 - 1e-12, 1 + 1e-12).all()
    np.testing.assert_allclose(table["ei"], 1 - 2 * table["same"], atol=1e-12)


def helpers():
    columns = {"talks": [1, 1, 0, 1, None], "lends": [True, False, False, True, True]}
    return networks([["kin", "kin", "friend"], ["kin", "friend"], []], **columns)


def test_support_by_hand():
    result = helpers().support(["talks", "lends"])
    table = result.table
    assert table["ego"].tolist() == ["e0", "e0", "e1", "e1", "e2", "e2"]
    assert table["term"].tolist() == ["talks", "lends"] * 3
    assert table["givers"].tolist() == [2, 1, 1, 2, 0, 0]
    assert table["n"].tolist() == [3, 3, 1, 2, 0, 0]
    np.testing.assert_allclose(table["share"], [2 / 3, 1 / 3, 1, 1, np.nan, np.nan])
    assert result.kinds["without"].tolist() == [1, 1]
    assert result.kinds["n"].tolist() == [3, 3]
    # Both talk and lend: 1 of 2 with the first ego, 1 of 2 with the second.
    assert result.overlap.loc["talks", "lends"] == pytest.approx(1 / 2)
    assert result.overlap.loc["talks", "talks"] == 1
    assert "Alters without an answer: 'talks' 1." in result.warnings


def test_support_by_relation_adds_up():
    whole = helpers().support(["talks", "lends"]).table
    parts = helpers().support(["talks", "lends"], by="relation").table
    assert parts["group"].tolist() == ["friend", "kin"] * 6
    sums = parts.groupby(["ego", "term"], sort=False)[["givers", "n"]].sum().reset_index()
    pd.testing.assert_frame_equal(sums, whole[["ego", "term", "givers", "n"]])


def test_multiplexity_by_hand():
    table = helpers().multiplexity(["talks", "lends"]).table
    assert table["n"].tolist() == [3, 1, 0]
    assert table["missing"].tolist() == [0, 1, 0]
    np.testing.assert_allclose(table["mean"], [1, 2, np.nan])
    np.testing.assert_allclose(table["share_none"], [1 / 3, 0, np.nan])
    np.testing.assert_allclose(table["share_multiplex"], [1 / 3, 1, np.nan])


def test_answers_that_are_neither_yes_nor_no_are_named():
    made = networks([["kin", "kin"]], talks=["yes", 1], lends=[2, 0])
    with pytest.raises(
        ColumnError, match=r"'talks' holds 'yes' in row 1; 'lends' holds 2 in row 1"
    ):
        made.support(["talks", "lends"])
    for kinds in ("talks", [], ["talks", "talks"]):
        with pytest.raises(OptionError, match="'kinds' must be a list of columns"):
            made.multiplexity(kinds)


@pytest.mark.parametrize("engine", ["polars", "pyarrow"])
def test_engines_give_the_same(engine):
    tables = helpers().to_tables()
    tables.alters["talks"] = tables.alters["talks"].astype(float)
    import narwhals.stable.v2 as nw

    egos, alters = (nw.from_dict(t.to_dict("list"), backend=engine).to_native() for t in tables[:2])
    other, made = cp.EgoNetworks(egos, alters), cp.EgoNetworks(*tables[:2])
    for one, two in (
        (other.composition("relation"), made.composition("relation")),
        (other.multiplexity(["lends"]), made.multiplexity(["lends"])),
    ):
        pd.testing.assert_frame_equal(one.table, two.table, check_dtype=False)
