"""Resources that people reach, came to reach and lost, by hand."""

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import CodeError, ColumnError, DuplicateError, OptionError, TooFewError

OWN = cp.Instrument.from_mapping(
    {
        "name": "rg",
        "title": "Four resources",
        "version": "1",
        "status": "verified",
        "citation": "Made for this test.",
        "sources": ["Made for this test."],
        "licence": {"terms": "Free."},
        "items": [{"code": c, "label": f"resource {c}", "responses": "access"} for c in "abcd"],
        "responses": {"access": {"codes": {0: "no access", 1: "access"}}},
        "scales": [
            {"label": "All", "items": "all", "range": [0, 4], "better": "higher"},
            {"name": "home", "label": "Home", "items": ["a", "b"], "range": [0, 2]},
        ],
    }
)
STUDY = cp.Study(person="id")
RELATIONS = {1: "family", 2: "friend"}
NAN = np.nan


def answers(rows):
    """``rows``: person to four answers."""
    frame = pd.DataFrame(rows.values(), columns=[f"rg_{c}" for c in "abcd"])
    return frame.assign(id=list(rows))


BEFORE = answers({"x": [1, 2, 0, 0], "y": [0, 0, 0, 0], "z": [1, 1, 1, NAN], "gone": [1, 1, 1, 1]})
AFTER = answers({"y": [2, 0, 0, 0], "x": [2, 0, 1, 0], "z": [1, 0, NAN, 1], "new": [0, 0, 0, 1]})


def result(data, **how):
    return cp.social_capital.resource_generator(data, OWN, STUDY, **{"access": RELATIONS} | how)


def test_scores_and_relations_by_hand():
    found = result(BEFORE)
    expected = pd.DataFrame(
        {
            "person": ["x", "y", "z", "gone"],
            "rg": [2, 0, NAN, 4],
            "rg_home": [2, 0, 2, 2],
            "through_family": [1, 0, NAN, 4],
            "through_friend": [1, 0, NAN, 0],
        }
    )
    pd.testing.assert_frame_equal(found.table, expected, check_dtype=False)
    assert found.scales == ("rg", "rg_home")
    assert found.warnings == ("1 of 4 rows leaves a resource out.",)
    items = found.items.set_index("term")
    assert items["n"].tolist() == [4, 4, 4, 3]
    assert items["estimate"].tolist() == pytest.approx([3 / 4, 3 / 4, 1 / 2, 1 / 3])
    assert items.loc["b", ["through_family", "through_friend"]].tolist() == [1 / 2, 1 / 4]
    assert items.loc["b", "label"] == "resource b"
    assert found.plot().get_xlabel() == "Share who reach it"


def test_yes_and_no_alone():
    data = BEFORE.replace({2: 1})
    found = cp.social_capital.resource_generator(data, OWN)
    assert found.table.columns.tolist() == ["row", "rg", "rg_home"]
    with pytest.raises(CodeError, match=r"'rg_b' holds 2 in row 1"):
        cp.social_capital.resource_generator(BEFORE, OWN)


def test_the_uk_form_scores_as_score_does():
    made = cp.simulate(seed=4)
    own = cp.instrument("rg_uk").with_keys({"domestic": ["1-6"]})
    with pytest.warns(cp.errors.ProvisionalWarning):
        found = cp.social_capital.resource_generator(made.responses, own, made.study)
    with pytest.warns(cp.errors.ProvisionalWarning):
        scored = cp.score(made.responses, own)
    assert found.table.columns.tolist() == ["person", "wave", "rg_uk", "rg_uk_domestic"]
    np.testing.assert_array_equal(found.table["rg_uk"], scored["rg_uk"])
    assert "have to be given with with_keys: expert, skills, problem_solving." in found.warnings[-1]
    items = made.responses[[f"rg_uk_{k}" for k in range(1, 28)]]
    assert found.scalability().H == cp.measurement.scalability(items).H


def test_change_by_hand():
    found = cp.social_capital.resource_change(result(BEFORE), result(AFTER))
    expected = pd.DataFrame(
        {
            "person": ["x", "y", "z"],
            "n": [4, 4, 2],
            "before": [2, 0, 2],
            "after": [2, 1, 1],
            "gained": [1, 1, 0],
            "kept": [1, 0, 1],
            "lost": [1, 0, 1],
            "change": [0, 1, -1],
        }
    )
    pd.testing.assert_frame_equal(found.table, expected, check_dtype=False)
    items = pd.DataFrame(
        {
            "term": list("abcd"),
            "n": [3, 3, 2, 2],
            "gained": [1, 0, 1, 0],
            "kept": [2, 0, 0, 0],
            "lost": [0, 2, 0, 0],
            "never": [0, 1, 1, 2],
        }
    )
    pd.testing.assert_frame_equal(found.items, items, check_dtype=False)
    # x: a from family to friend, b lost by a friend, c gained by family. y: a gained by a friend.
    # z: a stays with family, b lost by family.
    relations = pd.DataFrame(
        {
            "group": ["family", "friend"],
            "gained": [1, 1],
            "lost": [1, 1],
            "stayed": [1, 0],
            "came": [0, 1],
            "left": [1, 0],
        }
    )
    pd.testing.assert_frame_equal(found.relations, relations, check_dtype=False)
    assert found.n_excluded == 2
    assert found.plot().get_xlabel() == "Change"


def test_change_refuses_what_it_cannot_compare():
    change = cp.social_capital.resource_change
    one = result(BEFORE)
    with pytest.raises(DuplicateError, match="after: 'x'"):
        change(one, result(pd.concat([AFTER, BEFORE.head(1)])))
    with pytest.raises(TooFewError, match="Nobody is there both"):
        change(one, result(AFTER.iloc[3:]))
    with pytest.raises(OptionError, match="They have other relations"):
        change(one, result(AFTER, access={1: "family", 2: "neighbour"}))
    with pytest.raises(OptionError, match="'after' must be what resource_generator returned"):
        change(one, AFTER)
    with pytest.raises(OptionError, match="make it with study="):
        change(cp.social_capital.resource_generator(BEFORE, OWN, access=RELATIONS), one)


def test_other_instruments_and_absent_columns_are_refused():
    with pytest.raises(OptionError, match="swemwbs is no resource generator"):
        cp.social_capital.resource_generator(BEFORE, "swemwbs")
    with pytest.raises(ColumnError, match="'rg_a'"):
        cp.social_capital.resource_generator(BEFORE.rename(columns={"rg_a": "q"}), OWN)
    with pytest.raises(ColumnError, match="no column 'id'"):
        cp.social_capital.resource_generator(BEFORE.drop(columns="id"), OWN, STUDY)
