"""The report on an instrument: its numbers are those of the analyses, and its sentences say them."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

import cpeval as cp
from cpeval.errors import (
    ColumnError,
    DataError,
    DuplicateError,
    OptionError,
    OutputError,
    TooFewError,
)
from cpeval.measurement import report
from cpeval.measurement.methods_report import rounding
from cpeval.measurement.methods_report.criteria import REFERENCES, Criterion
from cpeval.measurement.methods_report.section import STATISTICS
from cpeval.measurement.methods_report.total_score import total_score

#: Both sides run the same code on the same numbers.
RTOL = 1e-12
HELP = Path(__file__).parents[2] / "examples" / "help" / "help.csv"
COSMIN = [
    "Content validity",
    "Structural validity",
    "Internal consistency",
    "Cross-cultural validity and measurement invariance",
    "Reliability",
    "Measurement error",
    "Criterion validity and hypotheses testing",
    "Responsiveness",
    "Interpretability",
    "Feasibility",
]
NASTY = [
    "<script>alert(1)</script>",
    "a, b & 'c'",
    "\u202eevil\x07",
    "=1+1",
    "$x^2$",
    " ",
    "x" * 90,
]


@pytest.fixture(scope="module")
def help_waves():
    data = pd.read_csv(HELP)
    return data[data.TIME == 0], data[data.TIME == 6]


@pytest.fixture(scope="module")
def ces_d(help_waves):
    """The whole: an instrument, a group, a retest."""
    first, second = help_waves
    options = {"instrument": "ces_d", "columns": "F1{letter}"}
    return report(first, group="A1", retest=second, person="ID", seed=1, **options)


def scale(n=200, k=5, seed=1, spread=0.8):
    """Draw answers 0 to 4 to k items of one dimension."""
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=(n, 1))
    values = np.rint(2 + trait + np.linspace(-0.8, 0.8, k) + rng.normal(0, spread, (n, k)))
    return pd.DataFrame(np.clip(values, 0, 4), columns=[f"q{j}" for j in range(1, k + 1)])


def numbers(found):
    return found.table.set_index("statistic")["estimate"]


# ---- each number is the underlying function's


@pytest.mark.parametrize("name", ["acl_Communality", "acl_Order", "DS14_NA", "bfi_A", "bfi_C"])
def test_numbers_are_those_of_the_functions(real_items, name):
    items = real_items(name)
    found, m = report(items, seed=3), cp.measurement
    got = found.table.set_index("statistic")
    reliability = m.reliability(items)
    of = reliability.table.set_index("coefficient")
    for coefficient in ("alpha", "omega_total", "lambda2", "mokken_ms"):
        for column in ("estimate", "ci_low", "ci_high", "n"):
            one, other = got.loc[coefficient, column], of.loc[coefficient, column]
            np.testing.assert_allclose(one, other, rtol=RTOL)
    scalability, chosen = m.scalability(items), m.select_scales(items)
    steady, order = m.monotonicity(items), m.invariant_ordering(items)
    suggested = m.dimensions(items, seed=3).suggested.set_index("criterion")["factors"]
    total = items.dropna().sum(axis=1)
    expected = {
        "H": scalability.H,
        "Hi_lowest": scalability.Hi.min(),
        "items_in_first_scale": (chosen.table["scale"] == 1).sum(),
        "monotonicity_crit": steady.table["crit"].max(),
        "ordering_crit": order.table["crit"].max(),
        "HT": order.HT,
        "dimensions_parallel": suggested["parallel_95"],
        "dimensions_map": suggested["map"],
        "item_rest_lowest": reliability.items["item_rest"].min(),
        "sem_alpha": reliability.sem,
        "sdc_alpha": stats.norm.ppf(0.975) * np.sqrt(2) * reliability.sem,
        "total_mean": total.mean(),
        "total_sd": total.std(),
        "complete": len(total) / len(items),
    }
    for statistic, value in expected.items():
        np.testing.assert_allclose(got.loc[statistic, "estimate"], value, rtol=RTOL)
    assert got.loc["Hi_lowest", "item"] == scalability.Hi.idxmin()
    assert (found.n, found.n_excluded) == (len(total), len(items) - len(total))
    assert found.n_items == items.shape[1]


def test_numbers_of_an_instrument_with_group_and_retest(ces_d, help_waves):
    first, second = help_waves
    options = {"instrument": "ces_d", "columns": "F1{letter}"}
    m, got = cp.measurement, numbers(ces_d)
    bias = m.dif(first, "A1", **options)
    assert got["items_flagged"] == bias.table["flagged"].sum()
    np.testing.assert_allclose(got["dif_r2_change"], bias.table["r2_change"].max(), rtol=RTOL)
    score = [
        cp.score(wave, "ces_d", items="F1{letter}", answered=True)
        .query("ces_d_answered == 20")
        .set_index("ID")["ces_d"]
        for wave in (first, second)
    ]
    both = pd.concat(score, axis=1, join="inner", keys=["first", "second"])
    agreed = m.icc(both)
    assert len(both) == ces_d.table.set_index("statistic").loc["icc_agreement", "n"]
    two = agreed.table.set_index("coefficient").loc["ICC2", "estimate"]
    np.testing.assert_allclose(got["icc_agreement"], two, rtol=1e-9)  # rows in another order
    np.testing.assert_allclose(got["sem_agreement"], agreed.sem, rtol=1e-9)
    np.testing.assert_allclose(got["sdc_agreement"], 1.96 * np.sqrt(2) * agreed.sem, rtol=1e-4)
    limits = m.limits_of_agreement(both["second"], both["first"]).table.set_index("term")
    np.testing.assert_allclose(got["limit_lower"], limits.loc["lower", "estimate"], rtol=1e-9)
    general = agreed.generalised.iloc[0]
    row = ces_d.table.set_index("statistic").loc["icc_agreement"]
    np.testing.assert_allclose(row["ci_low"], general["ci_low"], rtol=1e-6)
    assert got["ceiling"] == (score[0] == 60).mean()
    np.testing.assert_allclose(got["total_mean"], score[0].mean(), rtol=RTOL)


def test_results_are_by_the_names_of_the_functions(ces_d):
    functions = set(ces_d.results) - {"total", "retest"}
    assert functions == {
        *("items", "dimensions", "scalability", "select_scales", "monotonicity"),
        *("invariant_ordering", "reliability", "dif", "icc", "limits_of_agreement"),
    }
    assert functions <= set(cp.measurement.__all__)
    assert all(isinstance(one, cp.Result) for one in ces_d.results.values())
    for section in ces_d.sections.values():
        assert set(section.results) <= set(ces_d.results)


# ---- criteria


def test_criteria_are_met_or_not(ces_d):
    rows = ces_d.table.set_index("statistic")
    # Prinsen et al. (2018), Mokken (1971), Terwee et al. (2007), as published.
    assert rows.loc["alpha", ["criterion", "bound", "source"]].tolist() == [
        *("at least 0.7", 0.7, "Prinsen et al. (2018)")
    ]
    assert rows.loc["icc_agreement", "bound"] == 0.7
    assert rows.loc["H", "bound"] == rows.loc["Hi_lowest", "bound"] == 0.3
    assert rows.loc["floor", "bound"] == 0.15
    assert bool(rows.loc["alpha", "meets"])
    assert not bool(rows.loc["icc_agreement", "meets"])
    assert rows.loc["omega_total", "meets"] is pd.NA
    for row in ces_d.table.dropna(subset=["bound"]).to_dict("records"):
        words = row["criterion"].rpartition(" ")[0]
        met = {
            "at least": row["estimate"] >= row["bound"],
            "at most": row["estimate"] <= row["bound"],
            "below": row["estimate"] < row["bound"],
            "exactly": row["estimate"] == row["bound"],
        }[words]
        assert bool(row["meets"]) == met
        authors, year = row["source"].split("; ")[-1].replace(")", "").split(" (")
        assert any(authors.split()[0] in text and year in text for text in REFERENCES)
    assert set(ces_d.table["statistic"]) <= set(STATISTICS)


def test_a_criterion_without_a_number_is_neither_met_nor_not():
    rule = Criterion(words="below", bound=1, source="Nobody (2000)")
    assert (rule.met(0.5), rule.met(1.0), rule.met(np.nan)) == (True, False, None)


def test_a_number_near_its_bound_is_not_rounded_across_it():
    assert rounding.coefficient(0.6999, 0.7) == ".6999"
    assert rounding.coefficient(0.29996, 0.3) == ".29996"
    assert rounding.coefficient(0.7, 0.7) == ".70"
    assert rounding.coefficient(-0.001) == ".00"
    assert rounding.number(-0.001) == "0.00"


# ---- what it says


def test_headings_are_cosmins(ces_d):
    assert list(ces_d.sections) == COSMIN
    paragraphs = ces_d.text().split("\n\n")
    assert [text.partition(". ")[0] for text in paragraphs] == COSMIN
    assert set(ces_d.table["heading"]) <= set(COSMIN)


def test_sentences_say_the_numbers(ces_d):
    rows = ces_d.table.set_index("statistic")

    def told(statistic, how="{:.2f}"):
        row = rows.loc[statistic]
        ends = (how.format(row[end]).removeprefix("0") for end in ("ci_low", "ci_high"))
        one = how.format(row["estimate"]).removeprefix("0")
        return f"{one}, 95 % CI [{', '.join(ends)}]"

    for heading, start, statistic in (
        ("Structural validity", "H = ", "H"),
        ("Internal consistency", "Cronbach's alpha was ", "alpha"),
        ("Internal consistency", "Omega total ", "omega_total"),
        ("Reliability", "single measurement) was ", "icc_agreement"),
    ):
        assert start + told(statistic) in ces_d.sections[heading].text
    error = ces_d.sections["Measurement error"].text
    assert f"was {rows.loc['sem_alpha', 'estimate']:.2f} points from alpha" in error
    assert f"retest it was {told('sem_agreement', '{:.1f}')}" in error
    assert "points below the first; 95 % limits of agreement −38.9 to 19.0" in error
    assert "which doesn't meet COSMIN's criterion of .70" in ces_d.sections["Reliability"].text
    assert f"was {told('total_mean', '{:.1f}')}"[4:] in ces_d.sections["Interpretability"].text
    # One person of 462 has the highest total.
    assert ces_d.results["total"].n_highest == 1
    assert "at the highest: fewer than 5 people" in ces_d.sections["Interpretability"].text
    assert "2 against 1" in ces_d.sections[COSMIN[3]].text
    assert "1 of 20 items was flagged (F1Q)" in ces_d.sections[COSMIN[3]].text


def test_what_is_not_asked_for_is_said():
    found = report(scale(), seed=1)
    assert "no group was given. group=" in found.sections[COSMIN[3]].text
    assert "no retest was given. retest=" in found.sections["Reliability"].text
    assert "Not computable from answers" in found.sections["Content validity"].text
    assert "measurement.responsiveness(before, after" in found.sections["Responsiveness"].text
    assert not {"dif", "icc", "retest"} & set(found.results)


def test_an_important_difference_is_told_in_points_of_the_sum():
    data = scale(300, 5).add_prefix("who_5_").rename(columns=lambda c: c.replace("q", ""))
    again = (data + np.random.default_rng(2).integers(-1, 2, data.shape)).clip(0, 5)
    found = report(data, instrument="who_5", retest=again, seed=1)
    # WHO-5: 10 points of 100, each point of the sum being four.
    assert (
        "10 points of the score (2.50 of the items' sum)" in found.sections["Interpretability"].text
    )
    rows = found.table.set_index("statistic")
    assert rows.loc["sdc_agreement", "bound"] == 2.5
    below = bool(rows.loc["sdc_agreement", "meets"])
    assert below == (rows.loc["sdc_agreement", "estimate"] < 2.5)
    word = "is below" if below else "is not below"
    assert f"{word} the important difference of 2.50 points" in str(
        found.sections["Measurement error"]
    )
    assert found.title.startswith("WHO")


# ---- what can't be done is left out, said, and stops nothing


def test_all_constant():
    found = report(pd.DataFrame({name: [2.0] * 40 for name in "abc"}), seed=1)
    left = [one for section in found.sections.values() for one in section.left_out]
    assert {"Internal consistency", "Scalability", "Scale selection"} <= {one.name for one in left}
    assert "All items are constant" in str(found.sections["Internal consistency"])
    assert numbers(found)["total_sd"] == 0
    assert found.text().count("could not be computed: ") == len(left)


def test_one_constant_item_among_others():
    found = report(scale().assign(same=1), seed=1)
    assert np.isfinite(numbers(found)["alpha"])
    assert any("'same'" in text for text in found.warnings)


def test_two_items():
    found = report(scale()[["q1", "q2"]], seed=1)
    said = str(found.sections["Structural validity"])
    assert "The number of dimensions could not be computed: " in said
    assert "Monotonicity could not be computed: Monotonicity needs 3 items" in said
    assert {"alpha", "H"} <= set(found.table["statistic"])


def test_answers_that_are_not_whole():
    found = report(scale() + 0.25, seed=1)
    assert "Scalability could not be computed" in str(found.sections["Structural validity"])
    assert {"dimensions", "reliability", "items", "total"} == set(found.results)


def test_no_complete_row():
    items = scale(60, 6)
    items[np.arange(60)[:, None] % 6 == np.arange(6)] = np.nan
    found = report(items, seed=1)
    assert set(found.results) == {"items"}
    assert "Fewer than 5 rows have all items" in found.sections["Feasibility"].text
    paired = report(items, missing="pairwise", seed=1)
    assert {"reliability", "scalability", "dimensions"} <= set(paired.results)
    filled = report(items, missing="two_way", seed=1)
    assert filled.n_imputed == 60
    assert "filled in by two-way imputation" in filled.sections["Feasibility"].text
    assert any("60 of 360 answers were missing and filled in" in text for text in filled.warnings)
    same = cp.measurement.reliability(items, missing="two_way", seed=1).table["estimate"]
    np.testing.assert_allclose(numbers(filled)["alpha"], same.iloc[0], rtol=RTOL)
    assert filled.results["items"].table["missing"].max() > 0  # described as they were


def test_more_than_two_groups_and_tiny_groups():
    found = report(scale(), group=["a", "b", "c", "d"] * 50, seed=1)
    said = found.sections[COSMIN[3]]
    assert "compares two groups; 'group' has 4" in str(said)
    assert not said.text
    tiny = report(scale(), group=["a"] * 197 + ["b"] * 3, seed=1)
    assert "Groups of fewer than 5 people with all items are not compared: 'b'" in tiny.text()


def test_few_people():
    for n in (2, 3, 6, 12):
        found = report(scale(n), group=["a", "b"] * (n // 2) + ["a"] * (n % 2), seed=1)
        assert list(found.sections) == COSMIN


@settings(max_examples=40)
@given(
    n=st.integers(2, 40),
    k=st.integers(2, 6),
    codes=st.integers(1, 4),
    gaps=st.sampled_from([0, 0.1, 0.5]),
    seed=st.integers(0, 1000),
)
def test_odd_answers_never_stop_it(n, k, codes, gaps, seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, codes, (n, k)).astype(float)
    values[rng.random(values.shape) < gaps] = np.nan
    values[:2] = 0  # someone answers each item
    items = pd.DataFrame(values, columns=[f"i{j}" for j in range(k)])
    found = report(items, group=["a", "b"] * (n // 2) + ["b"] * (n % 2), retest=items[::-1], seed=1)
    assert list(found.sections) == COSMIN
    assert all(str(section) for section in found.sections.values())


# ---- properties


@settings(max_examples=8)
@given(seed=st.integers(0, 1000))
def test_row_order_does_not_matter(seed):
    data = scale(80, 5, seed).assign(id=range(80), sex=["f", "m"] * 40)
    data.loc[3, "q2"] = np.nan
    again = (data.drop(columns="sex").set_index("id") + 1).clip(upper=4).reset_index()
    one = report(data, group="sex", retest=again.assign(sex="f"), person="id", seed=1)
    moved = data.sample(frac=1, random_state=seed)
    two = report(moved, group="sex", retest=again.assign(sex="f")[::-1], person="id", seed=1)
    pd.testing.assert_frame_equal(one.table, two.table, rtol=1e-9, atol=1e-12)
    assert one.text() == two.text()
    assert one.warnings == two.warnings


def test_engines_give_the_same():
    data, again = scale().assign(sex=["f", "m"] * 100), scale(seed=2)
    one = report(data, group="sex", retest=again, seed=1)
    two = report(pl.from_pandas(data), group="sex", retest=pl.from_pandas(again), seed=1)
    pd.testing.assert_frame_equal(one.table, two.table)
    assert one.text() == two.text()


# ---- a retest is matched, or refused


def test_people_are_matched_by_their_column():
    data = scale(100).assign(id=[f"p{k}" for k in range(100)])
    again = data.iloc[::-2]
    found = report(data, retest=again, person="id", seed=1)
    row = found.table.set_index("statistic").loc["icc_agreement"]
    assert (row["estimate"], row["n"]) == (1.0, 50)


def test_retests_that_do_not_fit():
    data = scale(50)
    with pytest.raises(OptionError, match=r"'retest' has 49 rows and the items 50.*person="):
        report(data, retest=data.head(49))
    with pytest.raises(ColumnError, match="it has no 'q5'; the items have no 'q6'"):
        report(data, retest=data.rename(columns={"q5": "q6"}))
    with pytest.raises(OptionError, match=r"'person' says which rows.*give retest="):
        report(data.assign(id=1), person="id")
    named = data.assign(id=range(50))
    twice = pd.concat([named, named.head(2)])
    with pytest.raises(
        DuplicateError, match="In retest, these people have more than one row: 0, 1"
    ):
        report(named, retest=twice, person="id")
    with pytest.raises(ColumnError, match="In items, 'id' is missing in row 3"):
        report(named.assign(id=named["id"].where(named["id"] != 2)), retest=named, person="id")
    with pytest.raises(ColumnError, match="no column 'id'"):
        report(data, retest=named, person="id")


def test_a_retest_that_never_changes_says_so():
    data = scale(50)
    found = report(data, retest=data, seed=1)
    assert "The error of retest could not be computed" in found.text()
    assert numbers(found)["icc_agreement"] == 1


def test_other_input_is_refused():
    data = scale(50)
    with pytest.raises(OptionError, match="'missing' must be one of"):
        report(data, missing="drop")
    with pytest.raises(OptionError, match="'range' must be"):
        report(data, range=(4, 0))
    with pytest.raises(DataError, match=r"Answers outside range=\(0, 3\)"):
        report(data, range=(0, 3))
    with pytest.raises(OptionError, match="'seed' must be"):
        report(data, seed="one")
    with pytest.raises(OptionError, match="'level' of an interval"):
        report(data, level=95)
    with pytest.raises(ColumnError, match="no column 'sex'"):
        report(data, group="sex")
    with pytest.raises(OptionError, match="need instrument="):
        report(data, scale="who_5")


# ---- the total


def test_the_total_by_hand():
    found = total_score(np.array([0.0, 0, 1, 2, 4, np.nan]), 0, 4, 0.95)
    rows = found.table.set_index("term")["estimate"]
    assert rows["mean"] == 1.4
    np.testing.assert_allclose(rows["sd"] ** 2, (2 * 1.96 + 0.16 + 0.36 + 6.76) / 4)
    assert (rows["floor"], rows["ceiling"], found.n_excluded) == (0.4, 0.2, 1)


@given(
    values=st.lists(st.integers(0, 30), min_size=2, max_size=400),
    unit=st.sampled_from([1, 5, 0.5]),
)
def test_bars_hold_everybody_and_none_is_small(values, unit):
    totals = unit * np.array(values, dtype=float)
    bars = total_score(totals, 0, 30 * unit, 0.95).bars
    assert bars["n"].sum() == len(values)
    assert (bars["high"].to_numpy()[:-1] == bars["low"].to_numpy()[1:]).all()
    assert ((bars["n"] == 0) | (bars["n"] >= 5)).all() or bars["n"].max() < 5
    for row in bars.itertuples():
        inside = ((totals >= row.low) & (totals <= row.high)).sum()
        assert inside >= row.n


# ---- how it shows itself


def test_nothing_from_the_data_is_taken_as_html(tmp_path):
    items = scale(120, 7).set_axis(NASTY, axis=1)
    groups = ["<b>new</b>", "usual & old"] * 60
    found = report(items, group=groups, seed=1)
    for text in (found._repr_html_(), found.page(tmp_path / "x.html").read_text("utf-8")):
        assert "<script>alert" not in text
        assert "<b>new" not in text
        assert "&lt;script&gt;" in text
    assert "\u202e" not in text
    assert "\x07" not in text
    assert "<script>alert(1)</script>" in found.text()


def test_the_page_stands_alone_and_says_the_paragraphs(ces_d, tmp_path):
    path = ces_d.page(tmp_path / "ces_d.html")
    text = path.read_text("utf-8")
    assert path == tmp_path / "ces_d.html"
    assert [p.name for p in tmp_path.iterdir()] == ["ces_d.html"]
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org/", "")
    assert text.count('role="img"') == 4
    for heading in COSMIN:
        assert f">{heading}</h2>" in text
    for reference in REFERENCES:
        assert reference.replace("&", "&amp;").replace("'", "&#39;") in text
    assert ces_d.page(path).read_text("utf-8") == text


def test_the_page_tells_nothing_of_few_people(tmp_path):
    items = scale(200)
    items.loc[:2, "q1"] = np.nan
    items["q5"] = items["q5"].clip(1, 3)
    items.loc[5:7, "q5"] = 4
    items.loc[8:9, "q5"] = 0
    found = report(items, group=["a", "b"] * 98 + [None] * 4, range=(0, 4), seed=1)
    text = found.page(tmp_path / "x.html").read_text("utf-8")
    words = re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL)  # pictures' too
    assert not re.search(r"\b200\b", words)
    assert "3 of 200" in " ".join(found.warnings)
    assert not re.search(r"\b3 of", words)
    assert ">&lt;5<" in text
    assert "Some rows lack an item" in text
    assert "(focal, " in found.results["dif"].note
    assert "(focal) and" in words
    assert "(reference), matched" in words
    assert "All rows but fewer than 5 have all items" in text
    assert f"n = {found.results['dif'].table['n'].iloc[0]}" not in text
    assert all(n == 0 or n >= 5 for n in found.results["total"].bars["n"])


def test_a_page_on_very_few_people_is_refused(tmp_path):
    with pytest.raises(
        TooFewError, match=r"tells nothing of fewer than 5 people. There are 4 rows"
    ):
        report(scale(4), seed=1).page(tmp_path / "x.html")
    assert not list(tmp_path.iterdir())


def test_reasons_that_quote_answers_stay_off_the_page(tmp_path):
    items = scale().astype(float)
    items.loc[0, "q1"] = 1.37
    found = report(items, seed=1)
    assert "'q1' has 1.37" in found.text()
    text = found.page(tmp_path / "x.html").read_text("utf-8")
    assert "1.37" not in text
    assert "Scalability could not be computed; the reason is in the report" in text


def test_pages_that_can_not_be_written(tmp_path):
    found = report(scale(30), seed=1)
    with pytest.raises(OptionError, match=r"should end in \.html"):
        found.page(tmp_path / "x.pdf")
    with pytest.raises(OutputError, match="There is no folder"):
        found.page(tmp_path / "no" / "x.html")


def test_draws_coefficients_beside_their_bounds(ces_d):
    ax = ces_d.plot()
    shown = [text.get_text() for text in ax.get_yticklabels()]
    assert "Cronbach's alpha" in shown
    assert "Test-retest ICC, agreement" in shown
    bounds = ax.lines[-1].get_xdata()
    assert set(bounds) == {0.3, 0.7}


def test_draws_without_any_coefficient():
    found = report(pd.DataFrame({name: [2.0] * 40 for name in "abc"}), seed=1)
    with pytest.raises(OptionError, match="no coefficients to draw"):
        found.plot()
    assert found.results["total"].plot().has_data()


def test_is_frozen(ces_d):
    with pytest.raises(AttributeError):
        ces_d.n = 3
    assert replace(ces_d, n=3).n == 3


# ---- in a browser


@pytest.mark.browser
@pytest.mark.parametrize("size", [(1280, 900), (390, 844)], ids=["desktop", "phone"])
@pytest.mark.parametrize("which", ["whole", "little"])
def test_axe_finds_no_violation(browser, ces_d, tmp_path, size, which):
    from axe_playwright_python.sync_playwright import Axe

    found = ces_d if which == "whole" else report(scale()[["q1", "q2"]] + 0.5, seed=1)
    path = found.page(tmp_path / "x.html")
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(path.as_uri())
    axe = Axe().run(page)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert axe.violations_count == 0, axe.generate_report()
    assert width <= size[0]
