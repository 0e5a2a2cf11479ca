"""Networks, support and social capital against published rules."""

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import OptionError, ProvisionalWarning


def test_lsns_6_by_hand(scores):
    sheets = [[0] * 6, [5] * 6, [1, 2, 3, 0, 0, 5], [None, 2, 3, 0, 0, 5]]
    out = scores("lsns_6", sheets)
    assert out["lsns_6"] == [0, 30, 11, None]
    assert out["lsns_6_family"] == [0, 15, 6, None]
    assert out["lsns_6_friends"] == [0, 15, 5, 5]


def test_bands_of_lsns_6_at_their_edges(band):
    # Lubben et al. 2006: two people for each of the six questions is 12, and no longer at risk.
    assert band("lsns_6", "lsns_6", 11) == "at risk of isolation"
    assert band("lsns_6", "lsns_6", 6 * 2) == "not at risk"
    for column in ("lsns_6_family", "lsns_6_friends"):
        assert band("lsns_6", column, 5) == "marginal ties"
        assert band("lsns_6", column, 3 * 2) == "not marginal"


def test_lsns_18_by_hand(scores):
    numbers = [n % 6 for n in range(18)]  # 0 to 5 for family, neighbours and friends each
    gap = [*numbers[:17], None]
    family_only = [5] * 6 + [0] * 12
    out = scores("lsns_18", [[0] * 18, [5] * 18, numbers, gap, family_only])
    assert out["lsns_18"] == [0, 90, 45, None, 30]
    assert out["lsns_18_family"] == [0, 30, 15, 15, 30]
    assert out["lsns_18_neighbours"] == [0, 30, 15, 15, 0]
    assert out["lsns_18_friends"] == [0, 30, 15, None, 0]


def test_lsns_6_is_part_of_lsns_18(scores):
    """The published sheets share six questions: 1, 3, 4 of family and of friends."""
    rng = np.random.default_rng(3)
    long = rng.integers(0, 6, (50, 18))
    short = long[:, [0, 2, 3, 12, 14, 15]]
    one, other = cp.instrument("lsns_6"), cp.instrument("lsns_18")
    assert [i.label for i in one.items] == [other.items[k].label for k in (0, 2, 3, 12, 14, 15)]
    assert scores("lsns_6", short)["lsns_6"] == short.sum(axis=1).tolist()


@pytest.mark.parametrize(("answer", "total"), [(1, 12), (4, 48), (7, 84)])
def test_mspss_as_a_published_page_works_it_out(scores, answer, total):
    out = scores("mspss", [[answer] * 12])
    assert list(out.values()) == [[total / 12]] * 4


def test_mspss_scales_are_those_of_its_author(scores):
    """Zimet's scoring information: sum across four items, then divide by 4; all by 12."""
    rng = np.random.default_rng(5)
    sheets = rng.integers(1, 8, (60, 12))
    out = scores("mspss", sheets)
    keys = {"significant_other": (1, 2, 5, 10), "family": (3, 4, 8, 11), "friends": (6, 7, 9, 12)}
    for name, items in keys.items():
        expected = sheets[:, [n - 1 for n in items]].sum(axis=1) / 4
        np.testing.assert_allclose(out[f"mspss_{name}"], expected, rtol=1e-15)
    np.testing.assert_allclose(out["mspss"], sheets.sum(axis=1) / 12, rtol=1e-15)


def test_mspss_needs_all_items_of_a_scale(scores):
    out = scores("mspss", [[4] * 11 + [None]])
    assert out == {
        "mspss": [None],
        "mspss_significant_other": [4],
        "mspss_family": [4],
        "mspss_friends": [None],
    }


def test_bands_of_mspss_at_their_edges(band):
    # A public program rounds the mean to one decimal before it looks for 1-2.9, 3-5, 5.1-7.
    words = {1: "low", 35 / 12: "low", 3: "moderate", 5: "moderate", 61 / 12: "high", 7: "high"}
    assert {value: band("mspss", "mspss", value) for value in words} == words


def test_osss_3_by_hand(scores):
    up = [[1, 1, 1], [4, 5, 5], [3, 4, 2], [3, None, 2]]
    assert scores("osss_3", up, coding="most=5")["osss_3"] == [3, 14, 9, None]


def test_osss_3_numbered_downwards_as_in_belgium(scores):
    """Sciensano reverses items 2 and 3 (1 = 5, 2 = 4 …) and adds."""
    rng = np.random.default_rng(7)
    down = np.column_stack([rng.integers(1, 5, 80), rng.integers(1, 6, (80, 2))])
    expected = down[:, 0] + (6 - down[:, 1]) + (6 - down[:, 2])
    assert scores("osss_3", down, coding="most=1")["osss_3"] == expected.tolist()


def test_osss_3_asks_which_way_answers_are_numbered():
    data = pd.DataFrame({f"osss_3_{n}": [1] for n in range(1, 4)})
    with pytest.raises(OptionError, match=r"codings that clash \('most=5', 'most=1'\)"):
        cp.score(data, "osss_3")


def test_bands_of_osss_3_at_their_edges(band):
    words = {3: "poor", 8: "poor", 9: "moderate", 11: "moderate", 12: "strong", 14: "strong"}
    assert {value: band("osss_3", "osss_3", value) for value in words} == words


def test_rg_uk_counts_resources_and_says_that_it_is_provisional():
    data = pd.DataFrame([[0] * 27, [1] * 27, [1] * 9 + [0] * 18, [1] * 26 + [None]], dtype=float)
    data.columns = [f"rg_uk_{n}" for n in range(1, 28)]
    with pytest.warns(ProvisionalWarning, match=r"rg_uk is provisional.*\n.*'rg_uk_domestic'"):
        out = cp.score(data, "rg_uk")
    assert out["rg_uk"].tolist()[:3] == [0, 27, 9]
    assert out["rg_uk"].isna().tolist() == [False] * 3 + [True]


def test_scope_scores_nothing_until_its_user_says_which_items():
    data = pd.DataFrame(
        [[n % 7 + 1 for n in range(17)]], columns=[f"scope_{n}" for n in range(1, 18)]
    )
    with pytest.raises(OptionError, match=r"not public\. Take them from Huxley P"):
        cp.score(data, "scope")
    own = cp.instrument("scope").with_keys({"satisfaction": ["1-8"], "inclusion": ["17"]})
    with pytest.warns(ProvisionalWarning, match="scope is provisional"):
        out = cp.score(data, own)
    # 1 to 7 and 1 again are 29; the 17th answer is 3.
    assert out["scope_satisfaction"].tolist() == [29 / 8]
    assert out["scope_inclusion"].tolist() == [3]
    assert "scope_opportunities" not in out
