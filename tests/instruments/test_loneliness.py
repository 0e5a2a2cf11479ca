"""Loneliness scales against their authors' rules and published sheets."""

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import OptionError

NO_YES = {"coding": "no=1, yes=3"}


def counted(row, codes):
    """How often an answer is among some codes, as SPSS counts."""
    return sum(answer in codes for answer in row)


def by_the_manual_6(row):
    """The scoring program of the manual (de Jong Gierveld & van Tilburg), answers by item number.

    lones: 3, 9, 10 with codes 2, 3 and 4, 7, 8 with codes 1, 2; -1 if more than one is missing.
    """
    emotional, social = [row[n] for n in (3, 9, 10)], [row[n] for n in (4, 7, 8)]
    gone = [answer is None for answer in (*emotional, *social)]
    total = counted(emotional, (2, 3)) + counted(social, (1, 2))
    return (
        None if sum(gone) > 1 else total,
        None if any(gone[:3]) else counted(emotional, (2, 3)),
        None if any(gone[3:]) else counted(social, (1, 2)),
    )


def by_the_program_11(row):
    """The rules of the public program DeJongGierveldScale: five answers, 5 agreeing most."""
    emotional = [row[n] for n in (2, 3, 5, 6, 9, 10)]
    social = [row[n] for n in (1, 4, 7, 8, 11)]
    gone = [answer is None for answer in (*emotional, *social)]
    total = counted(emotional, (3, 4, 5)) + counted(social, (1, 2, 3))
    return (
        None if sum(gone) > 1 else total,
        None if any(gone[:6]) else counted(emotional, (3, 4, 5)),
        None if any(gone[6:]) else counted(social, (1, 2, 3)),
    )


def random_sheets(size, top):
    rng = np.random.default_rng(11)
    sheets = rng.integers(1, top + 1, (2000, size)).astype(object)
    sheets[rng.random(sheets.shape) < 0.08] = None
    return sheets.tolist()


def test_djg_6_gives_what_the_manuals_program_gives(scores):
    sheets = random_sheets(6, 3)
    expected = [by_the_manual_6(dict(zip((3, 4, 7, 9, 8, 10), s, strict=True))) for s in sheets]
    out = scores("djg_6", sheets, **NO_YES)
    columns = ("djg_6", "djg_6_emotional", "djg_6_social")
    assert list(zip(*(out[c] for c in columns), strict=True)) == expected
    assert {row[0] for row in expected} == {None, 0, 1, 2, 3, 4, 5, 6}


def test_djg_11_gives_what_a_public_program_gives(scores):
    sheets = random_sheets(11, 5)
    expected = [by_the_program_11(dict(enumerate(s, start=1))) for s in sheets]
    out = scores("djg_11", sheets, coding="no=1, yes=5")
    columns = ("djg_11", "djg_11_emotional", "djg_11_social")
    assert list(zip(*(out[c] for c in columns), strict=True)) == expected


def test_djg_6_by_hand(scores):
    not_lonely = [1, 3, 3, 1, 3, 1]
    rather = [2] * 6  # more or less is lonely on every item
    yes = [3] * 6  # emotional only
    one_gone, two_gone = [None, *yes[1:]], [None, None, *yes[2:]]
    out = scores("djg_6", [not_lonely, rather, yes, one_gone, two_gone], **NO_YES)
    assert out["djg_6"] == [0, 6, 3, 2, None]
    assert out["djg_6_emotional"] == [0, 3, 3, None, None]
    assert out["djg_6_social"] == [0, 3, 0, 0, None]


def test_djg_11_by_hand(scores):
    lonely = [1 if n in (1, 4, 7, 8, 11) else 3 for n in range(1, 12)]
    opposite = [4 - answer for answer in lonely]
    one_gone, two_gone = [None, *lonely[1:]], [None, None, *lonely[2:]]
    out = scores("djg_11", [lonely, opposite, one_gone, two_gone], **NO_YES)
    assert out["djg_11"] == [11, 0, 10, None]
    assert out["djg_11_emotional"] == [6, 0, 6, None]
    assert out["djg_11_social"] == [5, 0, None, None]


@pytest.mark.parametrize("name", ["djg_6", "djg_11"])
def test_djg_codings_of_the_same_answers_agree(scores, name):
    three = [[2 if k % 3 else 1 + k % 2 * 2 for k in range(len(cp.instrument(name).items))]]
    ways = {
        "no=1, yes=3": three,
        "yes=1, no=3": [[4 - a for a in three[0]]],
        "no=1, yes=5": [[a + 1 for a in three[0]]],
        "yes=1, no=5": [[5 - a for a in three[0]]],
    }
    outs = [scores(name, sheet, coding=coding) for coding, sheet in ways.items()]
    assert all(out == outs[0] for out in outs)


def test_djg_asks_which_way_answers_are_numbered():
    data = pd.DataFrame({f"djg_6_{n}": [1] for n in range(1, 7)})
    with pytest.raises(OptionError, match=r"codings that clash \('no=1, yes=3', 'yes=1, no=3'"):
        cp.score(data, "djg_6")


def test_bands_of_djg_at_their_edges(band):
    # Manual, section on the short scale: 0-1, 2-4, 5-6; subscales 0, 1-3.
    words = ["not lonely"] * 2 + ["moderately lonely"] * 3 + ["severely lonely"] * 2
    assert [band("djg_6", "djg_6", n) for n in range(7)] == words
    for column in ("djg_6_emotional", "djg_6_social"):
        words = ["not lonely", "lonely", "lonely", "lonely"]
        assert [band("djg_6", column, n) for n in range(4)] == words
    words = {2: "not lonely", 3: "moderately lonely", 8: "moderately lonely"}
    words |= {9: "severely lonely", 10: "severely lonely", 11: "very severely lonely"}
    assert {n: band("djg_11", "djg_11", n) for n in words} == words


def test_ucla_20_as_a_published_page_works_it_out(scores):
    never, often = [1] * 20, [4] * 20
    lowest = [4 if n in (1, 5, 6, 9, 10, 15, 16, 19, 20) else 1 for n in range(1, 21)]
    highest = [5 - answer for answer in lowest]
    out = scores("ucla_20", [never, often, lowest, highest, [None, *never[1:]]])
    assert out["ucla_20"] == [47, 53, 20, 80, None]


def test_ucla_3(scores, band):
    out = scores("ucla_3", [[1, 1, 1], [3, 3, 3], [1, 2, 3], [1, None, 3]])
    assert out["ucla_3"] == [3, 9, 6, None]
    words = ["not lonely"] * 3 + ["lonely"] * 4
    assert [band("ucla_3", "ucla_3", n) for n in range(3, 10)] == words


def test_ons_measures_stand_side_by_side(scores, band):
    sheets = [[1, 1, 1, 5], [3, 3, 3, 1], [1, 2, 3, None], [1, 2, None, 2]]
    out = scores("ons_loneliness", sheets)
    assert out == {
        "ons_loneliness_ucla": [3, 9, 6, None],
        "ons_loneliness_direct": [5, 1, None, 2],
    }
    first = scores("ucla_3", [sheet[:3] for sheet in sheets])
    assert out["ons_loneliness_ucla"] == first["ucla_3"]
    assert band("ons_loneliness", "ons_loneliness_direct", 1) == "chronic loneliness"
    assert band("ons_loneliness", "ons_loneliness_direct", 2) == "not chronic"
