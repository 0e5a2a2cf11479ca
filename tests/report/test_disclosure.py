"""No small count remains, and none can be worked out from what is shown.

What a reader can work out is found by linear programming over all that is shown and all that
adds up, which knows nothing of how cells were chosen.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, strategies as st
from scipy.optimize import linprog

from cpeval.report.disclosure import (
    PEOPLE,
    Withheld,
    protect_baseline,
    protect_participants,
    protect_statistics,
    withhold_parts,
)
from cpeval.report.prose import protect_prose, protect_warnings

#: With a limit of 2, "fewer than 2" says 1.
LIMITS = st.integers(3, 12)
MOST = 500  # no count in these tests is larger
ROUNDING = 1e-6  # of the solver; the true bounds are whole numbers


class System:
    """Counts that add up, some of them withheld."""

    def __init__(self):
        self.cells, self.sums, self.rests = [], [], set()

    def add(self, cell):
        self.cells.append(cell)
        return len(self.cells) - 1

    def adds_up(self, total, plus, minus=()):
        """State that one cell is the sum of others."""
        self.sums.append({total: 1} | dict.fromkeys(plus, -1) | dict.fromkeys(minus, 1))

    def at_most(self, part, whole):
        """State that one cell is not more than another."""
        rest = self.add(Withheld())
        self.rests.add(rest)
        self.adds_up(whole, [part, rest])

    def range_of(self, cell):
        """The least and the greatest that a reader can take a cell for."""
        a = np.zeros((len(self.sums), len(self.cells)))
        for row, weights in enumerate(self.sums):
            a[row, list(weights)] = list(weights.values())
        c = np.zeros(len(self.cells))
        found = []
        for sign in (1, -1):
            c[cell] = sign
            bounds = [bounds_of(shown) for shown in self.cells]
            solved = linprog(c, A_eq=a, b_eq=np.zeros(len(a)), bounds=bounds)
            assert solved.status == 0, "what is shown contradicts itself"
            found.append(sign * solved.fun)
        return found

    def assert_nothing_derivable(self, limit):
        for position, cell in enumerate(self.cells):
            if not isinstance(cell, Withheld) or position in self.rests:
                continue
            low, high = self.range_of(position)
            if str(cell) == f"<{limit}":
                assert low <= 1 + ROUNDING
                assert high >= limit - 1 - ROUNDING
            else:
                assert high - low > 1 - ROUNDING, "the cell can be worked out"


def bounds_of(cell):
    if not isinstance(cell, Withheld):
        return (cell, cell)
    return (cell.low or 0, MOST if cell.high is None else cell.high)


def assert_truthful(cell, value):
    low, high = bounds_of(cell)
    assert low <= value <= high


def assert_no_small(cells, limit):
    shown = [cell for cell in cells if not isinstance(cell, Withheld)]
    assert not [value for value in shown if 0 < value < limit]


COUNTS = st.lists(st.one_of(st.integers(0, 14), st.integers(0, 60)), min_size=1, max_size=6)


@given(COUNTS, LIMITS)
def test_no_small_part_can_be_worked_out_from_the_total(counts, limit):
    assume(sum(counts) == 0 or sum(counts) >= limit)
    parts = withhold_parts(counts, limit)
    assert_no_small(parts, limit)
    system = System()
    whole = system.add(sum(counts))
    system.adds_up(whole, [system.add(part) for part in parts])
    system.assert_nothing_derivable(limit)
    for part, count in zip(parts, counts, strict=True):
        assert_truthful(part, count)


@given(COUNTS, LIMITS)
def test_nothing_is_withheld_without_a_small_part(counts, limit):
    large = [count for count in counts if not 0 < count < limit]
    assert withhold_parts(large, limit) == large


def test_parts_by_hand():
    # 2 is small; 55 goes with it, and says what the total less 176 says: 57 - 4 to 57 - 1.
    assert withhold_parts([2, 55, 176], 5) == [Withheld(1, 4), Withheld(53, 56), 176]
    # 5 + 3 = 8 would leave 3 as the only number below 5 that fits with 5 or more: all go.
    assert withhold_parts([3, 5], 5) == [Withheld(), Withheld()]
    # 5 is too near; 40 is large enough.
    assert withhold_parts([3, 5, 40], 5) == [Withheld(1, 4), 5, Withheld(39, 42)]


def test_zero_is_shown():
    assert withhold_parts([0, 12, 30], 5) == [0, 12, 30]


@st.composite
def baselines(draw):
    """A table of categories in two arms and together, as the analyses make it."""
    n_levels = draw(st.integers(1, 4))
    cell = st.one_of(st.integers(0, 9), st.integers(0, 40))
    counts = np.array(draw(st.lists(cell, min_size=2 * n_levels, max_size=2 * n_levels)))
    counts = counts.reshape(2, n_levels)
    counts = np.vstack([counts, counts.sum(axis=0)])
    rows = [
        {
            "term": "home", "level": f"level {level}", "group": group, "n": counts[g].sum(),
            "missing": 3, "count": counts[g, level],
            "percent": 100 * counts[g, level] / max(counts[g].sum(), 1),
            "minimum": 1.0, "maximum": 2.0, "smd": 0.1 if group == "all" else np.nan,
        }
        for g, group in enumerate(("a", "b", "all"))
        for level in range(n_levels)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@given(baselines(), LIMITS)
def test_no_small_category_can_be_worked_out_from_arms_and_totals(table, limit):
    shown = protect_baseline(table, limit)
    assert not {"minimum", "maximum", "missing"} & set(shown)
    system = System()
    whole: dict[object, int] = {}
    parts: dict[object, int] = {}
    for group, rows in shown.groupby("group", sort=False):
        assert_no_small([*rows["count"], *rows["n"]], limit)
        whole[group] = system.add(rows["n"].iloc[0])
        for level, count in zip(rows["level"], rows["count"], strict=True):
            parts[group, level] = system.add(count)
        system.adds_up(whole[group], [at for (g, _), at in parts.items() if g == group])
    for level in table["level"].unique():
        system.adds_up(parts["all", level], [parts["a", level], parts["b", level]])
    system.adds_up(whole["all"], [whole["a"], whole["b"]])
    system.assert_nothing_derivable(limit)


@given(baselines(), LIMITS)
def test_a_share_goes_with_its_count(table, limit):
    shown = protect_baseline(table, limit)
    hidden = shown["count"].map(lambda cell: isinstance(cell, Withheld))
    for column in ("percent", "smd"):
        told = shown.loc[hidden, column].dropna()
        assert all(isinstance(cell, Withheld) for cell in told)
    kept = ~hidden & shown["percent"].notna()
    np.testing.assert_array_equal(
        shown.loc[kept, "percent"].astype(float), table.loc[kept, "percent"]
    )


def test_an_arm_of_few_goes_whole_and_takes_the_statistics_of_all_along():
    table = pd.DataFrame(
        {
            "term": "age", "level": None, "group": ["a", "b", "all"], "n": [3, 40, 43],
            "mean": [30.0, 40.0, 39.3], "sd": [2.0, 9.0, 9.1], "median": [30.0, 40.0, 39.0],
            "smd": [np.nan, np.nan, 1.2],
        }
    )  # fmt: skip
    shown = protect_baseline(table, 5).set_index("group")
    assert shown.loc["a", "n"] == Withheld(1, 4)
    assert shown.loc["all", "n"] == Withheld(41, 44)
    for group in ("a", "all"):
        cells = shown.loc[group, ["mean", "sd", "median"]]
        assert all(isinstance(cell, Withheld) for cell in cells)
    assert isinstance(shown.loc["all", "smd"], Withheld)
    assert list(shown.loc["b", ["n", "mean", "sd", "median"]]) == [40, 40.0, 9.0, 40.0]


def test_people_without_an_arm_give_nothing_away_in_all():
    # Two of "all" have no arm, so that the arms don't add up to it.
    rows = [
        ("a", "x", 40, 38), ("a", "y", 40, 2), ("b", "x", 30, 20), ("b", "y", 30, 10),
        ("all", "x", 72, 58), ("all", "y", 72, 14),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["group", "level", "n", "count"]).assign(term="home")
    shown = protect_baseline(table, 5)
    hidden = shown["count"].map(lambda cell: isinstance(cell, Withheld)).tolist()
    assert hidden == [True, True, False, False, True, True]


@st.composite
def flows(draw):
    """People of one arm at baseline and two waves, as the analyses count them."""
    start = draw(st.one_of(st.integers(1, 9), st.integers(1, 60)))
    rows = [{"group": "a", "wave": 0, "n": start, "lost": 0, "joined": 0, "percent": 100.0}]
    for wave in (1, 2):
        lost = draw(st.one_of(st.integers(0, min(start, 6)), st.integers(0, start)))
        joined = draw(st.sampled_from([0, 0, 1, 3, 4, 5, 20]))
        n = start - lost + joined
        rows.append(
            {"group": "a", "wave": wave, "n": n, "lost": lost, "joined": joined,
             "percent": 100 * n / start}
        )  # fmt: skip
    return pd.DataFrame(rows)


@given(flows(), LIMITS)
def test_no_small_number_lost_or_joined_can_be_worked_out(table, limit):
    shown = protect_participants(table, limit, baseline=0)
    system = System()
    start = system.add(shown["n"].iloc[0])
    for i in range(len(shown)):
        row = shown.iloc[i]
        assert_no_small([row["n"], row["lost"], row["joined"]], limit)
        for column in ("n", "lost", "joined"):
            assert_truthful(row[column], table[column].iloc[i])
        if isinstance(row["n"], Withheld):
            assert isinstance(row["percent"], Withheld)
        if i:
            n, lost, joined = (system.add(row[c]) for c in ("n", "lost", "joined"))
            system.adds_up(n, [start, joined], minus=[lost])
            # Nobody is lost who wasn't there, and whoever joined is there.
            system.at_most(lost, start)
            system.at_most(joined, n)
    system.assert_nothing_derivable(limit)


def test_the_number_seen_says_only_what_the_number_lost_may():
    table = pd.DataFrame(
        {"group": "a", "wave": [0, 6], "n": [30, 27], "lost": [0, 3], "joined": [0, 0],
         "percent": [100.0, 90.0]}
    )  # fmt: skip
    shown = protect_participants(table, 5, baseline=0).iloc[1]
    assert str(shown["n"]) == "26 or more"
    assert str(shown["lost"]) == "<5"
    assert str(shown["joined"]) == str(shown["percent"]) == "withheld"


def test_an_arm_that_started_with_few_cannot_be_worked_out_from_those_who_joined():
    table = pd.DataFrame(
        {"group": "a", "wave": [0, 6], "n": [3, 9], "lost": [0, 0], "joined": [0, 6],
         "percent": [100.0, 300.0]}
    )  # fmt: skip
    shown = protect_participants(table, 5, baseline=0)
    assert [str(cell) for cell in shown["n"]] == ["<5", "withheld"]
    assert [str(cell) for cell in shown["joined"]] == ["withheld", "withheld"]


@given(st.lists(st.integers(0, 30), min_size=2, max_size=5), LIMITS)
def test_statistics_of_few_people_go(sizes, limit):
    table = pd.DataFrame(
        {
            "group": range(len(sizes)), "wave": 6, "n": sizes, "missing": sizes[::-1],
            "estimate": 1.5, "minimum": 0.0, "maximum": 9.0, "p": 0.5, "n_items": 3,
        }
    )  # fmt: skip
    shown = protect_statistics(table, limit)
    assert not {"minimum", "maximum"} & set(shown)
    assert (shown["n_items"] == 3).all()
    for column in (c for c in PEOPLE if c in shown):
        assert_no_small(shown[column], limit)
    for size, row in zip(sizes, shown.itertuples(), strict=True):
        gone = [isinstance(cell, Withheld) for cell in (row.estimate, row.p)]
        assert gone == [0 < size < limit] * 2


@given(st.integers(0, 30), st.integers(0, 30), LIMITS)
def test_an_arm_of_a_comparison_cannot_be_worked_out(intervention, comparison, limit):
    table = pd.DataFrame(
        {
            "n": [intervention + comparison], "n_intervention": [intervention],
            "n_comparison": [comparison], "estimate": [1.0], "df": [9], "se": [0.3],
        }
    )  # fmt: skip
    shown = protect_statistics(table, limit).iloc[0]
    counts = [shown["n"], shown["n_intervention"], shown["n_comparison"]]
    assert_no_small(counts, limit)
    system = System()
    n, *arms = (system.add(cell) for cell in counts)
    system.adds_up(n, arms)
    system.assert_nothing_derivable(limit)
    if 0 < min(intervention, comparison) < limit:
        assert all(isinstance(shown[c], Withheld) for c in ("estimate", "df", "se"))


def test_where_the_number_seen_is_withheld_so_is_who_of_them_did_not_answer():
    table = pd.DataFrame(
        {"group": [0, 1], "wave": 6, "n": [30, 27], "missing": [0, 0], "estimate": 1.0}
    )
    shown = protect_statistics(table, 5, hidden={(1, 6)})
    assert list(shown["missing"]) == [0, Withheld()]


def test_a_limit_of_one_withholds_nothing():
    table = pd.DataFrame({"n": [1, 2], "estimate": [1.0, 2.0]})
    pd.testing.assert_frame_equal(protect_statistics(table, 1).astype(float), table.astype(float))


def test_input_is_left_as_it_was():
    table = pd.DataFrame({"group": [0], "wave": [6], "n": [2], "estimate": [1.0]})
    before = table.copy()
    protect_statistics(table, 5)
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 of 470 people have no arm.", "fewer than 5 of 470 people have no arm."),
        ("5 of 470 people have no arm.", "5 of 470 people have no arm."),
        ("Only 3 complete rows.", "Only fewer than 5 complete rows."),
        ("Wilson (1927), 4 items, wave 3.", "Wilson (1927), 4 items, wave 3."),
        ("G = 4 teams (2 with it, 2 without).", "G = 4 teams (2 with it, 2 without)."),
        (
            "Left out: 9 of 40 people in arm 1, 2 of 3 people in arm 2; 9 without age, 2 at 3.",
            "Left out: 9 of 40 people in arm 1, fewer than 5 of fewer than 5 people in arm 2; "
            "9 without age, fewer than 5 at 3.",
        ),
    ],
)
def test_small_numbers_of_people_in_sentences(text, expected):
    assert protect_prose(text, 5) == expected


def test_degrees_of_freedom_give_no_number_away():
    assert "19" not in protect_prose("t interval on 19 degrees of freedom", 5)


def test_warnings_on_a_withheld_group_go():
    table = protect_statistics(pd.DataFrame({"n": [1, 40], "estimate": [2.0, 3.0]}), 5)
    told = ["Arm 'a': one person has both scores.", "Left out: 30 of 31 people; 30 without age."]
    assert protect_warnings(told, table, 5) == (
        "Left out: 30 of 31 people; 30 without age.",
        "Warnings that may tell of fewer than 5 people are withheld.",
    )
    assert protect_warnings(told, table.iloc[1:], 5) == tuple(told)
