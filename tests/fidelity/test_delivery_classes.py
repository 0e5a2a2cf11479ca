"""``cuts`` of ``[fidelity]``: what is counted, with which error, and what of it is shown."""

import json
import re
import tomllib
from collections import defaultdict

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.delivery_classes import additive, delivery_classes
from cpeval.errors import DataError, StudyError, TooFewError
from cpeval.report.classes_release import protect_classes
from cpeval.report.delivery_release import delivery_prose

CUTS = {"low": 1, "moderate": 2.5, "high": 3.5}
HOW = {"informant": "informant", "assessor": "assessor"}
CELLS = ["n", "estimate", "expected", "expected_share"]


@pytest.fixture(scope="module")
def made():
    return cp.simulate(seed=1)


@pytest.fixture(scope="module")
def data(made):
    return made.joined("fidelity").query("arm == 'CP' and wave == 't1'")


def found_of(data, study, instrument="connecting_people", cuts=CUTS, **given):
    scale = "connecting_people" if isinstance(instrument, str) else instrument.columns[0]
    agreed = cp.fidelity.triangulate(data, instrument, study, **HOW, **given)
    ratings = cp.fidelity.score(data, instrument, study, **HOW)
    return delivery_classes(agreed, ratings, cuts, scale)


def by_hand(data, item_names):
    """Long ratings from the columns, without the package."""
    return data.melt(
        id_vars=["person", "informant"], value_vars=item_names, var_name="item", value_name="rating"
    )


class TestCounts:
    def test_are_those_of_median_ratings_by_hand(self, data, made):
        items = [f"connecting_people_{k}" for k in range(1, 19)]
        total = data.groupby("person")[items].median().mean(axis=1)
        rows = found_of(data, made.study).table.query("term == 'category'")
        at = np.searchsorted([2.5, 3.5], total + 1e-9, side="right")
        assert rows["n"].tolist() == np.bincount(at, minlength=3).tolist()
        np.testing.assert_allclose(rows["estimate"], rows["n"] / len(total), rtol=1e-12)
        np.testing.assert_allclose(rows["expected"].sum(), len(total), rtol=1e-12)

    def test_error_is_that_of_the_long_ratings(self, data, made):
        items = [f"connecting_people_{k}" for k in range(1, 19)]
        g = cp.fidelity.generalisability(
            by_hand(data, items), unit="person", facets=["informant", "item"]
        )
        total = data.groupby("person")[items].median().mean(axis=1)
        one = cp.fidelity.classify(pd.DataFrame({"estimate": total}), cuts=CUTS, error=g)
        rest = found_of(data, made.study).table.set_index("term")["estimate"]
        for name in ("accuracy", "consistency", "kappa", "sem"):
            np.testing.assert_allclose(rest[name], getattr(one, name), rtol=1e-6)

    def test_the_observer_alone_errs_more(self, data, made):
        all_three = found_of(data, made.study).table.set_index("term")["estimate"]
        alone = found_of(data, made.study, rule="observer_first", otherwise="median")
        assert alone.table.set_index("term")["estimate"]["sem"] > 1.2 * all_three["sem"]
        assert "one informant's score" in alone.note

    def test_holds_nobody(self, data, made):
        found = found_of(data, made.study)
        assert len(found.table) == 3 + 4
        assert not set(data["person"]) & set(found.table.astype(str).to_numpy().ravel())
        assert found.units == "people"


def scale_of(**how):
    return cp.Instrument.from_mapping(
        {
            "name": "rated",
            "title": "Rated",
            "citation": "None.",
            "licence": {"terms": "free"},
            "responses": {"points": {"codes": {k: str(k) for k in range(1, 6)}, "between": True}},
            "items": [
                {"code": str(k), "label": f"item {k}", "responses": "points"} for k in (1, 2, 3)
            ],
            "scales": [{"label": "all", "items": "all", **how}],
        }
    )


def ratings(n=30, seed=0, informants=("a", "b"), assessors=("x",)):
    rng = np.random.default_rng(seed)
    rows = [
        {"id": f"p{k}", "informant": who, "assessor": by, **{
            f"rated_{i}": float(np.clip(np.round(level + rng.normal(0, 0.7)), 1, 5))
            for i in (1, 2, 3)
        }}
        for k, level in enumerate(rng.uniform(1.5, 4.5, n))
        for who in informants
        for by in assessors
    ]  # fmt: skip
    return pd.DataFrame(rows)


class TestScales:
    STUDY = cp.Study(person="id")

    def test_a_sum_is_its_mean_times_the_items(self):
        mean = found_of(ratings(), self.STUDY, scale_of(combine="mean")).table
        thrice = {name: 3 * start for name, start in CUTS.items()}
        whole = found_of(ratings(), self.STUDY, scale_of(combine="sum"), thrice).table
        a, b = (table.set_index("term")["estimate"] for table in (mean, whole))
        np.testing.assert_allclose(b["sem"], 3 * a["sem"], rtol=1e-9)
        np.testing.assert_allclose(b["accuracy"], a["accuracy"], rtol=1e-9)
        assert mean["n"].dropna().tolist() == whole["n"].dropna().tolist()

    def test_another_scale_takes_the_scores_of_informants(self):
        one = scale_of(combine="maximum")
        assert not additive(one.scored[0])
        data = ratings()
        found = found_of(data, self.STUDY, one, rule="weighted", weights={"a": 0.5, "b": 0.5})
        best = data.assign(rating=data[["rated_1", "rated_2", "rated_3"]].max(axis=1))
        g = cp.fidelity.generalisability(best, unit="id", facets=["informant"])
        sem = found.table.set_index("term")["estimate"]["sem"]
        np.testing.assert_allclose(sem, g.sem, rtol=1e-9)

    def test_one_informant_and_several_assessors(self):
        data = ratings(informants=("a",), assessors=("x", "y"))
        found = found_of(data, self.STUDY, scale_of(combine="mean"))
        assert "unit x assessor x item" in found.note

    def test_one_of_each(self):
        data = ratings(informants=("a",))
        with pytest.raises(TooFewError, match=r"one informant \('a'\).*two informants or more"):
            found_of(data, self.STUDY, scale_of(combine="mean"))

    def test_too_few_units(self):
        with pytest.raises(TooFewError, match=r"4 people.*5 or more"):
            found_of(ratings(n=4), self.STUDY, scale_of(combine="mean"))

    def test_scores_below_the_lowest(self):
        with pytest.raises(DataError, match=r"Scores below 2, .*'low' starts: .*p\d+ \(1"):
            found_of(ratings(), self.STUDY, scale_of(combine="mean"), {"low": 2, "high": 3})


class TestStudyFile:
    @pytest.mark.parametrize(
        ("cuts", "told"),
        [
            ("{ low = 1 }", "two categories or more"),
            ("{ low = 1, high = 1 }", "lowest up"),
            ("{ high = 3, low = 1 }", "lowest up"),
            ('{ low = 1, high = "3" }', "high"),
            ("{ low = 1, high = nan }", "high"),
            ("{ low = 1, high = true }", "high"),
            ("[1, 2]", "cuts"),
            ('{ low = 1, " " = 3 }', "no name"),
            ("{ low = 2, high = 3 }", "fidelity.cuts.low.*run from 1 to 5"),
            ("{ low = 1, high = 7 }", "fidelity.cuts.high.*nobody can be there"),
        ],
    )
    def test_wrong_cuts(self, made, tmp_path, cuts, told):
        path = made.write(tmp_path)
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"cuts = .*", f"cuts = {cuts}", text), encoding="utf-8")
        with pytest.raises(StudyError, match=told):
            cp.evaluate(path)

    def test_a_simulated_study_has_cuts(self, made, tmp_path):
        table = tomllib.loads(made.write(tmp_path).read_text(encoding="utf-8"))
        assert table["fidelity"]["cuts"] == CUTS

    def test_one_informant_leaves_out_this_table_alone(self, made, tmp_path):
        path = made.write(tmp_path)
        sheets = pd.read_csv(tmp_path / "fidelity.csv").query("informant == 'observer'")
        sheets.assign(assessor="one").to_csv(tmp_path / "fidelity.csv", index=False)
        with pytest.warns(cp.errors.ProvisionalWarning):
            found = cp.evaluate(path)
        assert "two informants or more" in found.left_out["fidelity/classification"]
        text = found.report(tmp_path / "out").read_text(encoding="utf-8")
        assert "Categories of delivery: could not be computed." in text
        assert "two informants or more" not in text
        assert 'id="table-delivery"' in text
        assert 'id="table-classes"' not in text


def table_of(counts):
    n = sum(counts)
    rows = pd.DataFrame({"category": list("abc"), "n": np.array(counts, dtype=float)})
    rows = rows.assign(
        term="category", scale="s", starts_at=[1.0, 2.0, 3.0], estimate=rows["n"] / n
    )
    rows = rows.assign(expected=rows["n"] + 0.12, expected_share=rows["n"] / n)
    rest = pd.DataFrame({"term": ["accuracy"], "scale": "s", "estimate": 0.9})
    return pd.concat([rows, rest], ignore_index=True)


def words(shown, column):
    return [str(cell) for cell in shown[column][:3]]


class TestGate:
    def test_large_counts_are_shown(self):
        shown = protect_classes(table_of((10, 20, 0)), 5, {30, 90})
        assert words(shown, "n") == ["10", "20", "0"]
        assert words(shown, "estimate") == ["0.333", "0.667", "0.0"]
        assert words(shown, "expected") == ["10.1", "20.1", "0.1"]

    def test_a_small_count_goes_with_another(self):
        shown = protect_classes(table_of((2, 20, 30)), 5)
        assert words(shown, "n") == ["<5", "18 to 21", "30"]
        for column in CELLS[1:]:
            assert words(shown, column)[:2] == ["withheld", "withheld"]
            assert words(shown, column)[2] != "withheld"
        assert shown["estimate"][3] == 0.9

    def test_of_few_nothing(self):
        shown = protect_classes(table_of((2, 2, 0)), 5)
        assert all(str(cell) == "withheld" for cell in shown["estimate"])
        assert words(shown, "n") == ["withheld"] * 3

    def test_off(self):
        shown = protect_classes(table_of((2, 2, 0)), 1, {5})
        assert words(shown, "n") == ["2", "2", "0"]

    def test_near_a_total_no_number(self):
        shown = protect_classes(table_of((18, 30, 50)), 5, {100})
        assert words(shown, "n") == ["5 or more"] * 3
        assert words(shown, "expected") == ["withheld"] * 3
        assert words(shown, "estimate") == ["0.2", "0.3", "0.5"]

    @pytest.mark.parametrize("total", [20, 34])
    def test_shares_never_tell_how_many_were_left_out(self, total):
        fits = defaultdict(set)
        for n in range(total - 4, total):
            for a in range(n + 1):
                for b in range(n + 1 - a):
                    shown = protect_classes(table_of((a, b, n - a - b)), 5, {total})
                    said = (*words(shown, "n"), *words(shown, "estimate"))
                    fits[said].add(n)
        assert all(len(numbers) == 4 for numbers in fits.values())

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ("4 of 41 categories have a chance", "Some categories have a chance"),
            ("3 rows without a score", "Some rows without a score"),
            ("Only 12 units: their variance", "Few units: their variance"),
        ],
    )
    def test_sentences(self, said, told):
        assert delivery_prose(said, 5) == told


@pytest.fixture(scope="module")
def written(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    path = made.write(folder)
    # A name that is markup and one that would be a formula.
    text = path.read_text(encoding="utf-8").replace("low = 1", '"<b>=low" = 1')
    path.write_text(text, encoding="utf-8")
    with pytest.warns(cp.errors.ProvisionalWarning):
        found = cp.evaluate(path)
    found.report(folder / "out")
    return found, folder / "out"


class TestReport:
    def test_page(self, written):
        text = (written[1] / "report.html").read_text(encoding="utf-8")
        grid = text.split('id="table-classes"')[1].split("</table>")[0]
        assert "People by category of delivery, t1" in text
        assert "&lt;b&gt;=low" in grid
        assert "<b>=low" not in text
        assert re.search(r"about \d+ in 100 people are expected to be in their true one", text)

    def test_record_tells_no_number_in_words(self, written):
        found, out = written
        result = found.results["fidelity/classification"]
        told = json.loads((out / "results.json").read_text(encoding="utf-8"))
        one = told["results"]["fidelity/classification"]
        n = int(result.table["n"].sum())
        assert not re.search(rf"\b{n}\b", " ".join([one["note"], *one["warnings"]]))
        assert [row["term"] for row in one["rows"]] == result.table["term"].tolist()

    def test_draws(self, written):
        mpl.use("Agg")
        ax = written[0].results["fidelity/classification"].plot()
        assert [tick.get_text() for tick in ax.get_yticklabels()][1:] == ["moderate", "high"]
