"""No small count remains, and none can be worked out from what is shown.

What a reader can work out is found by linear programming over all that is shown and all that
adds up, which knows nothing of how cells were chosen.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, strategies as st
from scipy.optimize import linprog

from cpeval.report.characteristics import protect_baseline
from cpeval.report.disclosure import Withheld, protect_participants, withhold_parts
from cpeval.report.prose import WITHHELD, protect_prose, protect_warnings
from cpeval.report.sizes import (
    TELLING,
    Totals,
    gated,
    protect_change,
    protect_comparison,
    protect_means,
    protect_reliability,
)

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
    missing = draw(st.lists(st.sampled_from([0, 0, 1, 3, 4, 7, 20]), min_size=2, max_size=2))
    missing.append(sum(missing))
    rows = [
        {
            "term": "home", "level": f"level {level}", "group": group, "n": counts[g].sum(),
            "missing": missing[g], "count": counts[g, level],
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
    for level in shown["level"].unique():
        system.adds_up(parts["all", level], [parts["a", level], parts["b", level]])
    system.adds_up(whole["all"], [whole["a"], whole["b"]])
    for group, rows in table.groupby("group"):
        n, missing = int(rows["n"].iloc[0]), int(rows["missing"].iloc[0])
        if group == "all" or n + missing < limit:  # who took part withholds it as well
            continue
        if isinstance(system.cells[whole[group]], Withheld):
            system.adds_up(system.add(n + missing), [whole[group], system.add(Withheld())])
        else:
            assert not 0 < missing < limit
    system.assert_nothing_derivable(limit)


@given(baselines(), LIMITS)
def test_a_share_goes_with_its_count(table, limit):
    shown = protect_baseline(table, limit)
    hidden = shown["count"].map(lambda cell: isinstance(cell, Withheld))
    for column in ("percent", "smd"):
        told = shown.loc[hidden, column].dropna()
        assert all(isinstance(cell, Withheld) for cell in told)
    kept = ~hidden & shown["percent"].notna()
    listed = shown[kept & ~shown["level"].str.endswith("not shown")]
    true = table.set_index(["level", "group"])["percent"]
    for row in listed.to_dict("records"):
        # Where it is not shown how many answered, no share is.
        withheld = isinstance(row["percent"], Withheld) and isinstance(row["n"], Withheld)
        assert withheld or row["percent"] == true[row["level"], row["group"]]


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


def means_of(*rows, columns="group wave n missing"):
    made = pd.DataFrame(rows, columns=columns.split())
    return made.assign(
        estimate=20.123456789, sd=8.7654321, se=0.987654321, df=made["n"] - 1,
        ci_low=18.123456, ci_high=22.123456,
    )  # fmt: skip


@given(st.integers(0, 40), st.lists(st.integers(0, 40), max_size=3), LIMITS)
def test_a_number_of_people_gives_no_small_difference_away(n, totals, limit):
    shown = gated(n, totals, limit)
    if isinstance(shown, Withheld):
        assert shown.low is None or shown.low <= n <= shown.high
        assert shown.low is None or shown.high - shown.low >= limit - 2
    else:
        assert shown == n
        assert n in totals or all(abs(n - total) >= limit for total in totals) or n == 0


def test_numbers_of_people_by_hand():
    assert gated(104, [106], 5) == Withheld(102, 105)
    assert gated(107, [106], 5) == Withheld(107, 110)  # one joined
    assert gated(97, [101, 99], 5) == Withheld(95, 98)  # next to the nearest
    assert gated(6, [8], 5) == Withheld()  # 5 to 7 would leave three values for 1 to 4
    assert gated(2, [106], 1) == 2
    assert gated(47, [], 5, hidden=True) == Withheld(40)


@st.composite
def studies(draw):
    """Numbers of people of one arm from baseline to a comparison, each part of the one before."""
    start = draw(st.integers(1, 60))
    few = st.sampled_from([0, 0, 0, 1, 2, 4, 5, 12])
    lost = min(draw(few), start)
    scored = [start - min(draw(few), start), start - lost - min(draw(few), start - lost)]
    both = draw(st.integers(max(0, sum(scored) - start), min(scored)))
    used = both - min(draw(few), both)
    return start, lost, scored, both, used


@given(studies(), LIMITS)
def test_numbers_of_people_do_not_give_each_other_away(study, limit):
    start, lost, scored, both, used = study
    flow = pd.DataFrame(
        {"group": "a", "wave": [0, 6], "n": [start, start - lost], "lost": [0, lost], "joined": 0}
    )
    flow = protect_participants(flow, limit, baseline=0)
    totals = Totals.of(flow, 0, limit)
    seen = [start, start - lost]
    rows = [("a", w, n, s - n) for w, n, s in zip((0, 6), scored, seen, strict=True)]
    means = protect_means(means_of(*rows), "x", totals)
    change = protect_change(
        means_of(("a", 6, both, start - both), columns="group wave n excluded"), "x", totals
    )
    table = means_of(("a", "a", 6, used + used, used, used),
                     columns="group reference wave n n_intervention n_comparison")  # fmt: skip
    compared = protect_comparison(table, "x", totals)
    system = System()
    at = {
        "seen": [system.add(cell) for cell in flow["n"]],
        "lost": system.add(flow["lost"].iloc[1]),
        "n": [system.add(cell) for cell in means["n"]],
        "missing": [system.add(cell) for cell in means["missing"]],
        "both": system.add(change["n"].iloc[0]),
        "excluded": system.add(change["excluded"].iloc[0]),
        "used": system.add(compared["n_intervention"].iloc[0]),
    }
    for cell, value in zip(
        system.cells,
        [*seen, lost, *scored, seen[0] - scored[0], seen[1] - scored[1], both, start - both, used],
        strict=True,
    ):
        assert_truthful(cell, value)
        assert isinstance(cell, Withheld) or not 0 < value < limit
    system.adds_up(at["seen"][0], [at["seen"][1], at["lost"]])
    for whole, n, missing in zip(at["seen"], at["n"], at["missing"], strict=True):
        system.adds_up(whole, [n, missing])
    system.adds_up(at["seen"][0], [at["both"], at["excluded"]])
    system.at_most(at["both"], at["n"][0])
    system.at_most(at["both"], at["n"][1])
    system.at_most(at["used"], at["both"])
    # Each number on its own is one of several; a range may be narrower than from 1 to limit - 1.
    for position, cell in enumerate(system.cells):
        if isinstance(cell, Withheld) and position not in system.rests:
            low, high = system.range_of(position)
            assert high - low > 1 - ROUNDING


def test_what_tells_a_range_of_people_is_withheld_and_the_rest_rounded():
    totals = Totals(limit=5)
    shown = protect_means(means_of((0, 6, 104, 2), (1, 6, 90, 0)), "x", totals).iloc
    assert shown[0]["n"] == Withheld(102, 105)
    assert shown[0]["missing"] == Withheld(1, 4)
    assert all(isinstance(shown[0][column], Withheld) for column in TELLING if column in shown[0])
    assert [shown[0][c] for c in ("estimate", "ci_low", "ci_high")] == [20.1, 18.1, 22.1]
    assert [shown[1][c] for c in ("n", "missing", "sd", "df")] == [90, 0, 8.7654321, 89]


def test_statistics_of_few_people_go_with_how_many_did_not_answer():
    shown = protect_means(means_of((0, 6, 2, 18)), "x", Totals(limit=5)).iloc[0]
    assert (shown["n"], shown["missing"]) == (Withheld(1, 4), Withheld(16, 19))
    assert all(isinstance(shown[c], Withheld) for c in ("estimate", "sd", "ci_low", "df"))


def flow_of(*starts):
    return pd.DataFrame(
        {"group": range(len(starts)), "wave": 0, "n": starts, "lost": 0, "joined": 0}
    )


@pytest.mark.parametrize(
    ("starts", "n", "expected"),
    [
        ((10, 3), 13, Withheld()),  # 13 beside 10 would tell 3
        ((4, 4), 8, Withheld()),  # 8 would tell both
        ((19, 20), 40, Withheld(40, 43)),  # one has no arm
        ((235, 235), 469, Withheld(466, 469)),
        ((235, 235), 462, 462),
    ],
)
def test_numbers_of_rows_behind_a_scale(starts, n, expected):
    totals = Totals.of(protect_participants(flow_of(*starts), 5, baseline=0), 0, 5)
    table = pd.DataFrame(
        {"scale": ["x"], "n": [n], "estimate": [0.87654], "se": [0.01234], "ci_low": [0.81234],
         "ci_high": [0.91234], "n_items": 7}
    )  # fmt: skip
    shown = protect_reliability(table, totals).iloc[0]
    assert shown["n"] == expected
    assert shown["n_items"] == 7
    if isinstance(expected, Withheld):
        assert shown["estimate"] == 0.88
        assert isinstance(shown["se"], Withheld)


def test_a_limit_of_one_withholds_nothing():
    table = means_of((0, 6, 1, 2), (1, 6, 2, 0))
    pd.testing.assert_frame_equal(
        protect_means(table, "x", Totals(limit=1)).astype(float), table.astype(float)
    )


def test_names_are_not_listed_as_categories():
    def described(levels, counts):
        rows = [
            ("name", level, group, sum(counts), 0, count, 0.0, 0.1)
            for level, count in zip(levels, counts, strict=True)
            for group in ("a", "all")
        ]
        columns = "term level group n missing count percent smd"
        shown = protect_baseline(pd.DataFrame(rows, columns=columns.split()), 5)
        return shown.loc[shown["group"] == "a", ["level", "count"]].to_numpy().tolist()

    assert described([f"Ann {i}" for i in range(40)], [1] * 40) == [
        ["40 different values: not shown", 40]
    ]
    assert described([f"place {i}" for i in range(21)], [9] * 21) == [
        ["21 different values: not shown", 189]
    ]
    assert described(["man", "woman", "else", "other"], [40, 30, 3, 4]) == [
        ["man", 40], ["woman", 30], ["2 other values: not shown", 7]
    ]  # fmt: skip


def test_a_category_in_one_arm_only_does_not_tell_the_arm():
    rows = [("x", level, group, 20, 0, count) for level, group, count in [
        ("man", "a", 20), ("man", "b", 18), ("woman", "a", 0), ("woman", "b", 2)
    ]]  # fmt: skip
    shown = protect_baseline(
        pd.DataFrame(rows, columns=["term", "level", "group", "n", "missing", "count"]), 5
    )
    assert shown["count"].tolist() == [
        Withheld(16, 20), Withheld(16, 20), Withheld(0, 4), Withheld(0, 4)
    ]  # fmt: skip


def test_input_is_left_as_it_was():
    table = means_of((0, 6, 2, 1))
    before = table.copy()
    protect_means(table, "x", Totals(limit=5))
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 of 470 people have no arm.", "Some people have no arm."),
        ("466 of 470 people have no arm.", "Some people have no arm."),
        ("5 of 470 people have no arm.", "5 of 470 people have no arm."),
        ("Only 13 complete rows: alpha is imprecise below 50.",
         "Fewer than 50 complete rows, so alpha is imprecise."),
        ("Wilson (1927), 4 items, wave 3.", "Wilson (1927), 4 items, wave 3."),
        ("3 people changed team.", "Some people changed team."),
        ("Alpha of 5 items among the 469 rows that have them all.",
         "Alpha of the items of each scale among the rows that have them all."),
        ("t interval on 19 degrees of freedom.", "t interval."),
    ],
)  # fmt: skip
def test_small_numbers_of_people_in_sentences(text, expected):
    assert protect_prose(text, 5) == expected


def test_warnings_on_a_withheld_group_go_and_those_on_who_was_left_out_always():
    table = pd.DataFrame({"n": [Withheld(1, 4), 40]})
    told = ["Arm 'a': one person has both scores.", "Left out: 18 of 20 people; 18 without age."]
    assert protect_warnings(told, table, 5) == (WITHHELD.format(5),)
    assert protect_warnings(told[1:], table, 5) == ()
    assert protect_warnings(told, table.iloc[1:], 5) == tuple(told[:1])


def test_a_comparison_of_hardly_fewer_people_than_a_change_gives_them_not_away():
    totals = Totals(limit=5)
    protect_change(
        means_of(("a", 6, 94, 6), columns="group wave n excluded"), "x", totals
    )  # 94 of 100
    columns = "group reference wave n n_intervention n_comparison"
    table = means_of(("a", "b", 6, 143, 93, 50), columns=columns)
    shown = protect_comparison(table, "x", totals).iloc[0]
    assert [str(shown[c]) for c in ("n_intervention", "n_comparison", "n")] == [
        "90 to 93", "50", "140 to 143"
    ]  # fmt: skip
