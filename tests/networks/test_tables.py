"""What goes into ego networks: good tables of any engine, and bad ones named at once."""

import copy
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cpeval as cp
from cpeval.errors import ColumnError, DataError, NetworkError, OptionError

EGOS = pd.DataFrame({"ego": ["Zoë", "Bo B."], "wave": [0, 0]})
ALTERS = pd.DataFrame(
    {
        "ego": ["Zoë", "Zoë", "Zoë", "Bo B."],
        "wave": 0,
        "alter": ["mum", "Łukasz", "a b", "mum"],
        "w": [1.0, 2, 3, 4],
    }
)
TIES = pd.DataFrame({"ego": ["Zoë"], "wave": [0], "source": ["mum"], "target": ["a b"], "w": [2.0]})


def networks(egos=EGOS, alters=ALTERS, ties=TIES, **how):
    return cp.EgoNetworks(egos, alters, ties, **{"wave": "wave", "weight": "w"} | how)


def test_says_what_it_holds():
    assert repr(networks()) == "EgoNetworks: 2 networks of 2 egos at 1 waves, 4 alters, 1 ties"
    assert "ties not asked for" in repr(networks(ties=None))
    assert "<p>EgoNetworks: 2 networks" in networks()._repr_html_()
    assert len(networks()) == 2


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas])
def test_engines_give_the_same(make):
    other = networks(make(EGOS), make(ALTERS), make(TIES)).metrics(weighted=True).table
    pd.testing.assert_frame_equal(other, networks().metrics(weighted=True).table, check_dtype=False)


def test_leaves_its_input_as_it_was_and_shares_nothing_with_it():
    given = [EGOS.copy(), ALTERS.copy(), TIES.copy()]
    before = copy.deepcopy(given)
    made = networks(*given)
    made.metrics(by="alter")
    for one, other in zip(given, before, strict=True):
        pd.testing.assert_frame_equal(one, other)
    given[1].loc[0, "alter"] = "changed"
    taken = made.to_tables().alters
    taken.loc[1, "alter"] = "changed"
    assert made.to_tables().alters["alter"].tolist() == ["mum", "Łukasz", "a b", "mum"]
    assert len(pickle.loads(pickle.dumps(made))) == 2


def test_ids_may_be_of_any_kind_and_egos_in_any_order():
    egos = EGOS.assign(ego=pd.Categorical(EGOS["ego"])).iloc[::-1]
    table = networks(egos).metrics().table
    assert table["ego"].tolist() == ["Bo B.", "Zoë"]
    assert table["size"].tolist() == [1, 3]


def test_everything_that_is_wrong_is_named_at_once():
    egos = pd.DataFrame({"ego": ["A", "B", "B", None]})
    alters = pd.DataFrame(
        {
            "ego": ["A", "A", "A", "C", "B", "B"],
            "alter": ["x", "y", "x", "x", None, "z"],
            "w": [1.0, -1, 0, np.nan, 1, 1],
        }
    )
    ties = pd.DataFrame(
        {
            "ego": ["A", "A", "A", "A", "D", "A"],
            "source": ["x", "y", "y", "q", "x", "x"],
            "target": ["y", "x", "y", "r", "y", None],
            "w": 1.0,
        }
    )
    with pytest.raises(NetworkError) as caught:
        cp.EgoNetworks(egos, alters, ties, weight="w")
    text = str(caught.value)
    for part in (
        "Egos: 'ego' is missing in row 4",
        "Alters: 'alter' is missing in row 5",
        "Ties: 'target' is missing in row 6",
        "Egos listed more than once: ego 'B' in rows 2, 3. Keep one row of each.",
        "Alters of egos that the table of egos lacks: ego 'C' (in row 4)",
        "Alters listed more than once: ego 'A' alter 'x' in rows 1, 3",
        "Ties of egos that the table of egos lacks: ego 'D' (in row 5)",
        "Ties of an alter with itself: 'y' in row 3",
        "Ties to alters that the ego didn't name: 'q', 'r' of ego 'A' in row 4",
        "Ties listed more than once: ego 'A' source 'x' target 'y' in rows 1, 2; a tie has no",
        "Alters: weights 'w' are missing in row 4",
        "Alters: weights 'w' are negative in row 2",
        "Alters: weights 'w' are 0 in row 3",
        "(The first row of data is row 1.)",
    ):
        assert part in text
    assert text.count("\n- ") == 13


def test_ties_in_both_directions_are_told_from_ties_that_stand_twice(drawn):
    egos, alters, ties = drawn([4, 5], 0.8)
    back = ties.assign(source=ties["target"], target=ties["source"])
    both = pd.concat([ties, back], ignore_index=True)
    said = "are there once in each direction: sort the two ids within each row, then drop"
    with pytest.raises(NetworkError, match=f"All ties {said}"):
        cp.EgoNetworks(egos, alters, both)
    with pytest.raises(NetworkError, match=f"2 of {len(ties)} ties {said}"):
        cp.EgoNetworks(egos, alters, pd.concat([ties, back.head(2)]))
    # Once more in one direction is another mistake: nobody knows which row is right.
    for twice in (pd.concat([both, ties.head(1)]), pd.concat([ties, ties.head(1)])):
        with pytest.raises(NetworkError) as caught:
            cp.EgoNetworks(egos, alters, twice)
        assert "more than once" in str(caught.value)
        assert said not in str(caught.value)
    both[["source", "target"]] = np.sort(both[["source", "target"]].to_numpy(), axis=1)
    mended = both.drop_duplicates(["ego", "source", "target"])
    one, other = (cp.EgoNetworks(egos, alters, t).metrics().table for t in (ties, mended))
    pd.testing.assert_frame_equal(one, other)


def test_an_alter_tied_to_itself_twice_is_named_for_that_alone():
    ties = pd.concat([TIES.assign(target="mum")] * 2)
    with pytest.raises(NetworkError) as caught:
        networks(ties=ties)
    assert "Ties of an alter with itself: 'mum' in rows 1, 2. Delete them." in str(caught.value)
    assert "more than once" not in str(caught.value)


def test_another_egos_alter_is_unknown():
    ties = TIES.assign(ego="Bo B.")
    with pytest.raises(NetworkError, match=r"'a b' of ego 'Bo B\.' wave 0 in row 1. Correct"):
        networks(ties=ties)


@pytest.mark.parametrize("n_cells", [0, 2**26])
def test_all_ways_of_finding_alters_agree(monkeypatch, drawn, n_cells):
    egos, alters, ties = drawn([4, 7, 0, 3], 0.6)
    plain = cp.EgoNetworks(egos, alters, ties)
    monkeypatch.setattr("cpeval.networks.network_tables._CELLS", n_cells)
    # As drawn, no id stands in two networks; then the same ids in all of them.
    again = alters["alter"].str.extract(r"(a\d+)$", expand=False)
    common = ties.assign(
        source=ties["source"].str.extract(r"(a\d+)$", expand=False),
        target=ties["target"].str.extract(r"(a\d+)$", expand=False),
    )
    for other in (
        cp.EgoNetworks(egos, alters, ties),
        cp.EgoNetworks(egos, alters.assign(alter=again), common),
    ):
        np.testing.assert_array_equal(other.links.first, plain.links.first)
        np.testing.assert_array_equal(other.links.second, plain.links.second)
    with pytest.raises(NetworkError, match="'e0a0', 'e0a1' of ego 'e1' in row"):
        cp.EgoNetworks(egos, alters, pd.concat([ties, ties.iloc[:1].assign(ego="e1")]))
    with pytest.raises(NetworkError, match="'nobody' of ego 'e0' in row 1"):
        cp.EgoNetworks(egos, alters, ties.iloc[:1].assign(source="nobody"))


@pytest.mark.parametrize("gap", [None, np.nan])
def test_ids_that_are_all_missing_are_named(gap):
    alters = pd.DataFrame({"ego": [gap], "alter": [gap]})
    with pytest.raises(NetworkError, match="Egos: 'ego' is missing in row 1") as caught:
        cp.EgoNetworks(pd.DataFrame({"ego": [gap]}), alters, TIES.head(0))
    assert "Alters: 'alter' is missing in row 1" in str(caught.value)


def test_numbers_and_text_are_never_the_same_id():
    alters = pd.DataFrame({"ego": ["1"], "alter": ["a"]})
    with pytest.raises(NetworkError, match="'ego' holds text here and numbers there"):
        cp.EgoNetworks(pd.DataFrame({"ego": [1]}), alters)


def test_all_absent_columns_of_all_tables_are_named():
    with pytest.raises(ColumnError) as caught:
        cp.EgoNetworks(
            EGOS.rename(columns={"ego": "Ego"}),
            ALTERS.drop(columns="w"),
            TIES,
            wave="wav",
            weight="w",
        )
    text = str(caught.value)
    assert "The egos have no columns 'ego' (did you mean 'Ego'?), 'wav'" in text
    assert "The alters have no columns 'wav' (did you mean 'wave'?), 'w'" in text
    assert "The ties have no column 'wav'" in text


def test_two_roles_have_two_columns():
    with pytest.raises(OptionError, match="'ego' and 'alter' can't be one column: both are 'ego'"):
        cp.EgoNetworks(EGOS, ALTERS, alter="ego")
    assert len(cp.EgoNetworks(EGOS, ALTERS, wave="wave", name="alter")) == 2


def test_text_among_weights_is_named_with_its_row():
    with pytest.raises(NetworkError, match=r"Alters: .*'w' holds 'strong' in row 2"):
        networks(alters=ALTERS.astype({"w": object}).replace({"w": {2.0: "strong"}}))


def test_a_frame_that_is_not_in_memory_is_refused():
    with pytest.raises(OptionError, match=r"a lazy frame needs .collect\(\)"):
        networks(pl.from_pandas(EGOS).lazy())


@pytest.mark.parametrize(
    ("sizes", "warns"),
    [
        ([10] * 6 + [9, 8, 7, 3], True),
        ([10] * 4 + [3] * 3, False),  # four may be chance
        ([10] * 5 + [9] * 6, False),  # a hill, not a wall
        ([2] * 9, False),
        ([5] * 9, True),
    ],
)
def test_sizes_that_pile_up_at_a_limit_are_warned_of(drawn, sizes, warns):
    made = cp.EgoNetworks(*drawn(sizes, density=0.1))
    assert any("their size is censored" in text for text in made.warnings) == warns
    assert (made.warnings == made.metrics().warnings) is True


def test_selects_networks_and_alters(drawn):
    egos, alters, ties = drawn([4, 0, 5], 1)
    egos["arm"] = ["CP", "CP", "usual"]
    alters["kind"] = ["person", "person", "place"] * 3
    made = cp.EgoNetworks(egos, alters, ties)
    some = made.select(egos={"arm": "CP"}, alters={"kind": ["person"]})
    assert some.to_tables().egos["ego"].tolist() == ["e0", "e1"]
    assert some.metrics().table["size"].tolist() == [3, 0]
    assert some.metrics().table["ties"].tolist() == [3, 0]
    with pytest.raises(OptionError, match=r"has in 'arm' 'usul' \(did you mean 'usual'\?\)"):
        made.select(egos={"arm": "usul"})
    with pytest.raises(OptionError, match="Say what to select"):
        made.select()
    with pytest.raises(ColumnError, match="The alters have no column 'sort'"):
        made.select(alters={"sort": 1})


def test_merging_refuses_what_does_not_go_together(drawn):
    one, other = drawn([2, 3]), drawn([2])
    made = cp.EgoNetworks(*one)
    with pytest.raises(NetworkError, match="Egos listed more than once: ego 'e0' in rows 1, 3"):
        made + cp.EgoNetworks(*other)
    renamed = other[0].assign(ego="f0", age=3), *(t.iloc[:0] for t in other[1:])
    with pytest.raises(NetworkError, match="only one table of egos has 'age'"):
        made + cp.EgoNetworks(*renamed)
    with pytest.raises(NetworkError, match="only one has ties"):
        made + cp.EgoNetworks(*renamed[:2])
    with pytest.raises(OptionError, match="columns have other names"):
        made + cp.EgoNetworks(*renamed, weight="strength")
    with pytest.raises(TypeError):
        made + 1


def with_waves():
    egos = pd.DataFrame({"ego": ["Ann", "Ann", "Ben"], "wave": [0, 1, 0], "arm": ["a", "a", "b"]})
    alters = pd.DataFrame(
        {
            "ego": ["Ann", "Ann", "Ann", "Ann", "Ben"],
            "wave": [0, 0, 1, 1, 0],
            "alter": ["mum", "Jo", "mum", "Kit", "mum"],
            "called": ["Mum", "Jo", "Mummy", "Kit", "Mother"],
            "notes": ["lives with Jo"] * 5,
        }
    )
    ties = pd.DataFrame({"ego": ["Ann"], "wave": [0], "source": ["mum"], "target": ["Jo"]})
    return cp.EgoNetworks(egos, alters, ties, wave="wave", name="called")


def test_pseudonyms_are_the_same_in_all_tables_and_waves():
    made = with_waves()
    egos, alters, ties = made.pseudonymise(7).to_tables()
    texts = {str(value) for table in (egos, alters, ties) for value in table.to_numpy().ravel()}
    assert not texts & {"Ann", "Ben", "mum", "Jo", "Kit", "Mum", "Mummy", "Mother"}
    assert alters.groupby("ego")["alter"].nunique().sort_values().tolist() == [1, 3]
    assert alters["alter"].nunique() == 4  # Mum of Ann and Mum of Ben are two
    for table, by in ((egos, ["ego", "wave"]), (alters, ["ego", "wave", "alter"])):
        pd.testing.assert_frame_equal(table, table.sort_values(by, ignore_index=True))
    ann = egos["ego"].mode().item()
    own = alters[alters["ego"] == ann]
    both = set(own.loc[own["wave"] == 0, "alter"]) & set(own.loc[own["wave"] == 1, "alter"])
    assert len(both) == 1
    assert ties["ego"].tolist() == [ann]
    assert set(ties[["source", "target"]].iloc[0]) == set(own.loc[own["wave"] == 0, "alter"])
    pd.testing.assert_frame_equal(made.pseudonymise(7).to_tables().alters, alters)


@pytest.mark.parametrize("seed", range(5))
def test_pseudonyms_change_no_number(drawn, seed):
    made = cp.EgoNetworks(*drawn([3, 9, 0, 6]), weight="strength")
    one = made.metrics(weighted=True).table.drop(columns="ego")
    two = made.pseudonymise(seed).metrics(weighted=True).table.drop(columns="ego")
    order = [*one.columns[:6], "constraint"]
    one, two = (t.round(9).sort_values(order, ignore_index=True) for t in (one, two))
    pd.testing.assert_frame_equal(one, two)


def test_columns_that_may_hold_names_have_to_be_dropped_or_kept():
    egos, alters, ties = with_waves().to_tables()
    alters["introduced by"] = ["Jo", None, None, None, None]
    made = cp.EgoNetworks(egos, alters, ties, wave="wave", name="called")
    with pytest.raises(DataError, match="tell who somebody is: 'introduced by' of the alters"):
        made.pseudonymise(1)
    assert "introduced by" not in made.pseudonymise(1, drop=["introduced by"]).to_tables().alters
    assert "introduced by" in made.pseudonymise(1, keep=["introduced by"]).to_tables().alters
    with pytest.raises(OptionError, match="'alter' can't be dropped"):
        made.pseudonymise(1, drop=["alter"])
    with pytest.raises(ColumnError, match="no column 'memo'"):
        made.pseudonymise(1, keep=["memo"])
    with pytest.raises(OptionError, match="'seed' must be"):
        made.pseudonymise("x")
