"""Who stayed, went and came between two waves, and how names are matched."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import cpeval as cp
from cpeval.errors import ColumnError, OptionError, TooFewError, WaveError
from cpeval.networks.names import plain, similarity
from cpeval.networks.structure import MEASURES


def tables(named, tied=()):
    """``named``: (ego, wave, alters) with an alter as id or (id, name, relation)."""
    egos, alters = [], []
    for ego, wave, own in named:
        egos.append((ego, wave))
        for alter in own:
            one = alter if isinstance(alter, tuple) else (alter, alter, "friend")
            alters.append((ego, wave, *one))
    return (
        pd.DataFrame(egos, columns=["ego", "wave"]),
        pd.DataFrame(alters, columns=["ego", "wave", "alter", "name", "relation"]),
        pd.DataFrame(tied, columns=["ego", "wave", "source", "target"]),
    )


def networks(named, tied=()):
    return cp.EgoNetworks(*tables(named, tied), wave="wave", name="name")


NAMED = [
    ("A", "t0", ["x", "y", "z", "u"]),
    ("A", "t1", ["y", "x", "w"]),
    ("B", "t1", ["x"]),
    ("B", "t0", []),
    ("C", "t0", ["x"]),  # gone at t1
    ("D", "t0", []),
    ("D", "t1", []),
]
TIED = [
    ("A", "t0", "x", "y"),
    ("A", "t0", "x", "z"),
    ("A", "t0", "z", "u"),
    ("A", "t1", "x", "w"),
    ("A", "t1", "y", "x"),
]


def test_counts_by_hand():
    result = networks(NAMED, TIED).change("t0", "t1")
    expected = pd.DataFrame(
        {
            "ego": ["A", "B", "D"],
            "alters_before": [4, 0, 0],
            "alters_after": [3, 1, 0],
            "kept": [2, 0, 0],
            "lost": [2, 0, 0],
            "gained": [1, 1, 0],
            "turnover": [3 / 7, 1, np.nan],
            "jaccard": [2 / 5, 0, np.nan],
            "ties_before": [3, 0, 0],
            "ties_after": [2, 0, 0],
            "ties_kept": [1, 0, 0],
            "ties_lost": [2, 0, 0],
            "ties_gained": [1, 0, 0],
            "ties_ended": [0, 0, 0],
            "ties_formed": [0, 0, 0],
        }
    )
    pd.testing.assert_frame_equal(result.table, expected)
    assert result.n_excluded == 1
    assert "1 ego is there at one of the two waves only; left out." in result.warnings
    assert (
        result.matched["alter_before"].tolist()
        == result.matched["alter_after"].tolist()
        == ["x", "y"]
    )
    assert result.groups is None


def test_ties_that_end_or_form_between_those_who_stay():
    named = [("A", 0, ["x", "y", "z"]), ("A", 1, ["x", "y", "z", "w"])]
    tied = [("A", 0, "x", "y"), ("A", 1, "z", "y"), ("A", 1, "w", "y")]
    row = networks(named, tied).change(0, 1).table.iloc[0]
    assert row[["ties_lost", "ties_ended", "ties_gained", "ties_formed"]].tolist() == [1, 1, 2, 1]


def test_every_measure_changes_by_its_difference():
    made = networks(NAMED, TIED)
    found = made.change("t0", "t1").metrics
    assert found["term"].tolist() == [*MEASURES] * 3
    measured = made.metrics().table.set_index(["ego", "wave"])
    for row in found.itertuples():
        values = (measured.loc[(row.ego, wave), row.term] for wave in ("t0", "t1"))
        np.testing.assert_equal((row.before, row.after), tuple(map(float, values)))
        np.testing.assert_equal(row.change, row.after - row.before)


def test_relations_count_those_who_move_between_them():
    before = [("x", "x", "friend"), ("y", "y", "colleague"), ("z", "z", "kin")]
    after = [("x", "x", "friend"), ("y", "y", "friend"), ("w", "w", "kin")]
    groups = networks([("A", 0, before), ("A", 1, after)]).change(0, 1, by="relation").groups
    expected = pd.DataFrame(
        {
            "ego": "A",
            "group": ["colleague", "friend", "kin"],
            "before": [1, 1, 1],
            "after": [0, 2, 1],
            "kept": [0, 1, 0],
            "lost": [0, 0, 1],
            "gained": [0, 0, 1],
            "joined": [0, 1, 0],
            "left": [1, 0, 0],
        }
    )
    pd.testing.assert_frame_equal(groups, expected, check_dtype=False)


def people(*names):
    """Alters numbered anew, so that ids say nothing."""
    return [(k, name, "friend") for k, name in enumerate(names, 1)]


def test_names_match_whatever_their_case_and_spaces():
    made = networks([("A", 0, people(" ann  LEE", "Bo")), ("A", 1, people("Cy", "Ann Lee"))])
    result = made.change(0, 1, match="name")
    assert result.table.loc[0, ["kept", "lost", "gained"]].tolist() == [1, 1, 1]
    row = result.matched.iloc[0]
    assert row[["name_before", "name_after", "similarity"]].tolist() == [" ann  LEE", "Ann Lee", 1]


def test_like_names_match_when_asked_and_say_so():
    made = networks(
        [("A", 0, people("Jonathan", "Catherine", "Bo")), ("A", 1, people("Katherine", "Jonathon"))]
    )
    assert made.change(0, 1, match="name").table["kept"].item() == 0
    result = made.change(0, 1, match="name", similarity=0.8)
    assert result.table["kept"].item() == 2
    assert result.matched["name_before"].tolist() == ["Jonathan", "Catherine"]
    assert result.matched["name_after"].tolist() == ["Jonathon", "Katherine"]
    assert result.matched["similarity"].tolist() == pytest.approx([7 / 8, 8 / 9])
    assert "alike to 0.8 or more" in result.note


def test_the_same_name_of_another_ego_is_another_person():
    made = networks([("A", 0, people("Ann")), ("A", 1, []), ("B", 0, []), ("B", 1, people("Ann"))])
    assert made.change(0, 1, match="name", similarity=0.5).table["kept"].tolist() == [0, 0]


def test_names_that_could_be_several_match_nobody_and_are_listed():
    made = networks([("A", 0, people("Ann", "Ann", "Bo")), ("A", 1, people("Ann", "Bo"))])
    result = made.change(0, 1, match="name", similarity=0.5)
    assert result.table["kept"].item() == 1
    assert result.unclear["name"].tolist() == ["Ann", "Ann", "Ann"]
    assert any("3 alters could be several" in text for text in result.warnings)
    like = networks([("A", 0, people("Anna")), ("A", 1, people("Anne", "Anny"))])
    assert like.change(0, 1, match="name", similarity=0.7).unclear["name"].tolist() == [
        "Anna",
        "Anne",
        "Anny",
    ]


def test_the_most_alike_match_first():
    made = networks([("A", 0, people("Marian", "Marion")), ("A", 1, people("Mariam", "Marions"))])
    result = made.change(0, 1, match="name", similarity=0.6)
    assert result.matched["name_after"].tolist() == ["Mariam", "Marions"]


def test_ids_given_anew_are_warned_of():
    named = [(ego, 0, people("a", "b", "c")) for ego in "ABC"] + [
        (ego, 1, people("c", "a")) for ego in "ABC"
    ]
    result = networks(named).change(0, 1)
    assert any("places in a list rather than people" in text for text in result.warnings)
    other = networks([("A", 0, ["a1"]), ("A", 1, ["b1"])]).change(0, 1)
    assert any("No alter has the same id at both waves" in text for text in other.warnings)
    kept = networks([(ego, wave, people("a", "b")) for ego in "ABC" for wave in (0, 1)])
    assert kept.change(0, 1).warnings == ()


def test_wrong_waves_and_options_are_named():
    made = networks(NAMED, TIED)
    with pytest.raises(WaveError, match=r"No ego has the wave 't3'.*Waves there: 't0', 't1'"):
        made.change("t0", "t3")
    with pytest.raises(WaveError, match="The two waves are the same"):
        made.change("t0", "t0")
    with pytest.raises(OptionError, match="it goes with match='name'"):
        made.change("t0", "t1", similarity=0.8)
    with pytest.raises(OptionError, match="'similarity' must be above 0"):
        made.change("t0", "t1", match="name", similarity=0)
    with pytest.raises(OptionError, match="'match' must be one of 'id', 'name'"):
        made.change("t0", "t1", match="names")
    with pytest.raises(ColumnError, match="The alters have no column 'sort'"):
        made.change("t0", "t1", by="sort")
    with pytest.raises(TooFewError, match="No ego is there at both"):
        networks([("A", 0, ["x"]), ("B", 1, ["x"])]).change(0, 1)
    nameless = cp.EgoNetworks(*tables(NAMED, TIED), wave="wave")
    with pytest.raises(OptionError, match="needs names: give name="):
        nameless.change("t0", "t1", match="name")
    with pytest.raises(OptionError, match="There are no waves"):
        cp.EgoNetworks(*(t.query("wave == 't0'") for t in tables(NAMED, TIED))).change("t0", "t1")


def test_without_ties_their_change_is_missing():
    made = cp.EgoNetworks(*tables(NAMED)[:2], wave="wave")
    result = made.change("t0", "t1")
    assert result.table["ties_lost"].isna().all()
    assert result.table["lost"].tolist() == [2, 0, 0]


def edits(a, b):
    """Optimal string alignment, as the textbook has it."""
    d = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            d[i, j] = min(
                d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + (a[i - 1] != b[j - 1])
            )
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                d[i, j] = min(d[i, j], d[i - 2, j - 2] + 1)
    return d[len(a), len(b)]


WORDS = st.text(alphabet="abcé ł日", min_size=1, max_size=7)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=6))
def test_similarity_is_the_textbooks(pairs):
    one, other = (pd.Series(part) for part in zip(*pairs, strict=True))
    expected = [1 - edits(a, b) / max(len(a), len(b)) for a, b in pairs]
    np.testing.assert_allclose(similarity(one, other), expected)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    # Kitten and sitting: Levenshtein's example. CA and ABC: 3, where unrestricted swaps need 2.
    [("kitten", "sitting", 1 - 3 / 7), ("ca", "abc", 0), ("ann", "ann", 1), ("ab", "ba", 0.5)],
)
def test_similarity_of_known_pairs(one, other, expected):
    assert similarity(pd.Series([one]), pd.Series([other])).item() == pytest.approx(expected)


def test_long_texts_are_compared_by_their_start():
    one, other = "a" * 60 + "b" * 10_000, "a" * 60 + "c"
    assert similarity(pd.Series([one]), pd.Series([other])).item() == 1


def test_no_name_is_no_name():
    assert plain(pd.Series(["", "  ", None, np.nan, "Ａnn"])).tolist() == [None] * 4 + ["ann"]


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(*[st.sets(st.sampled_from("uvwxyz"), max_size=5)] * 2), min_size=1, max_size=4
    )
)
def test_counts_are_those_of_sets(waves):
    named = [
        (f"e{k}", wave, sorted(own))
        for k, both in enumerate(waves)
        for wave, own in enumerate(both)
    ]
    made = networks(named)
    for result in (made.change(0, 1), made.change(0, 1, match="name", similarity=1)):
        for row, (old, new) in zip(result.table.itertuples(), waves, strict=True):
            assert (row.kept, row.lost, row.gained) == (
                len(old & new),
                len(old - new),
                len(new - old),
            )
            assert row.alters_before - row.lost + row.gained == row.alters_after


def test_agrees_with_the_simulated_studys_truth():
    study = cp.simulate(seed=3)
    made = cp.EgoNetworks(study.egos, study.alters, study.ties, wave="wave")
    result = made.change("t0", "t1", by="relation")
    kept = study.alters.groupby(["ego", "alter"])["wave"].nunique().eq(2).groupby("ego").sum()
    table = result.table.set_index("ego")
    np.testing.assert_array_equal(table["kept"], kept.reindex(table.index, fill_value=0))
    sums = result.groups.groupby("ego")[["before", "after"]].sum().loc[table.index]
    with_relation = study.alters.dropna(subset=["relation"]).groupby(["ego", "wave"]).size()
    expected = with_relation.unstack(fill_value=0).reindex(table.index, fill_value=0)
    np.testing.assert_array_equal(sums["before"], expected["t0"])
