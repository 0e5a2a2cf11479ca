"""What all results on networks and social capital share, whatever they are of."""

import pickle

import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import OptionError


def study(seed=5):
    made = cp.simulate(seed=seed)
    alters = made.alters.assign(
        talks=made.alters["closeness"] > 2, lends=made.alters["closeness"] > 3
    )
    egos = made.egos.merge(made.people[["person", "gender"]], left_on="ego", right_on="person")
    return egos.drop(columns="person"), alters, made.ties


RUNS = {
    "metrics": lambda egos: egos.metrics(),
    "metrics by kind": lambda egos: egos.metrics(by="kind"),
    "composition": lambda egos: egos.composition("relation"),
    "composition of numbers": lambda egos: egos.composition("closeness"),
    "homophily": lambda egos: egos.homophily("gender", ego="gender"),
    "support": lambda egos: egos.support(["talks", "lends"], by="relation"),
    "multiplexity": lambda egos: egos.multiplexity(["talks", "lends"]),
    "change": lambda egos: egos.change("t0", "t1", by="relation"),
}
#: Other words for what tidy columns say.
UNTIDY = {"effect", "coef", "std_err", "t", "pvalue", "lower", "upper", "N", "person", "id"}


@pytest.fixture(scope="module")
def networks():
    return cp.EgoNetworks(*study(), wave="wave")


@pytest.mark.parametrize("name", RUNS)
def test_is_a_tidy_result(networks, name):
    result = RUNS[name](networks)
    assert isinstance(result, cp.Result)
    assert result.table.columns[0] == "ego"
    assert not UNTIDY & set(result.table.columns)
    assert isinstance(result.table.index, pd.RangeIndex)
    assert result.note.endswith(".")
    assert all(isinstance(text, str) and text for text in result.warnings)
    assert result.note in repr(result)
    assert "<table" in result._repr_html_()
    again = pickle.loads(pickle.dumps(result))
    pd.testing.assert_frame_equal(again.table, result.table)
    with pytest.raises(AttributeError):
        result.note = "another"
    assert result.plot().get_ylabel() == "Networks, from the smallest value up"
    with pytest.raises(OptionError, match="'column' must be one of"):
        result.plot(column="nothing")


@pytest.mark.parametrize("name", RUNS)
def test_is_not_shared_with_later_ones(networks, name):
    one = RUNS[name](networks)
    before = one.table.copy()
    one.table.iloc[:, -1] = -1
    pd.testing.assert_frame_equal(RUNS[name](networks).table, before)


@pytest.mark.parametrize("name", RUNS)
def test_the_order_of_rows_does_not_matter(networks, name):
    shuffled = [table.sample(frac=1, random_state=1) for table in study()]
    tables = [RUNS[name](made).table for made in (networks, cp.EgoNetworks(*shuffled, wave="wave"))]
    by = [c for c in ("ego", "wave", "term", "group") if c in tables[0].columns]
    one, two = (table.sort_values(by, ignore_index=True) for table in tables)
    pd.testing.assert_frame_equal(one, two, rtol=1e-9)


@pytest.mark.parametrize("name", [name for name in RUNS if name != "change"])
def test_other_egos_do_not_matter(networks, name):
    """But for the groups and the population that there are, which all share."""
    some = networks.to_tables().egos["ego"].unique()[::2].tolist()
    part = RUNS[name](networks.select(egos={"ego": some})).table
    whole = RUNS[name](networks).table
    whole = whole[whole["ego"].isin(some)].reset_index(drop=True)
    own = [c for c in part.columns if c not in ("yules_q", "coleman")]
    pd.testing.assert_frame_equal(part[own], whole[own], check_dtype=False)


@pytest.mark.parametrize("name", [name for name in RUNS if name != "change"])
@pytest.mark.parametrize("n_egos", [0, 1])
def test_few_egos_or_none(networks, name, n_egos):
    egos, alters, ties = networks.to_tables()
    egos = egos.head(n_egos)
    part = cp.EgoNetworks(
        egos,
        alters.merge(egos[["ego", "wave"]]),
        ties.merge(egos[["ego", "wave"]]),
        wave="wave",
    )
    result = RUNS[name](part)
    assert result.table["ego"].nunique() == n_egos
    assert isinstance(repr(result), str)
