"""``[networks]`` of a study file: what is computed, what the report shows, what it withholds."""

import json
import re
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import StudyError
from cpeval.networks.rare_categories import without_rare
from cpeval.report.disclosure import Withheld
from cpeval.report.networks_release import protect_average
from cpeval.report.release import release
from cpeval.report.sizes import Totals

SCHEMA = Path(cp.__file__).parent / "report" / "results.schema.json"
RESULTS = [
    *(f"networks/{m}/{a}" for m in ("size", "density") for a in ("means", "change", "compare")),
    *(f"networks/{a}" for a in ("structure", "composition", "kinds", "turnover", "average")),
]
#: Both are sums of the same floats, in another order.
RTOL = 1e-12


def evaluated(folder):
    with pytest.warns(cp.errors.ProvisionalWarning):  # rg_uk
        return cp.evaluate(folder / "study.toml")


def changed(folder, old, new):
    text = (folder / "study.toml").read_text()
    assert old in text
    (folder / "study.toml").write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def made():
    return cp.simulate(seed=1)


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("study")
    made.write(path)
    return path


@pytest.fixture
def own(folder, tmp_path):
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


@pytest.fixture(scope="module")
def evaluation(folder):
    return evaluated(folder)


@pytest.fixture(scope="module")
def written(evaluation, tmp_path_factory):
    return evaluation.report(tmp_path_factory.mktemp("report")).parent


@pytest.fixture(scope="module")
def text(written):
    return (written / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def named(made):
    """Alters with the arm of who named them."""
    return made.alters.merge(made.people[["person", "arm"]], left_on="ego", right_on="person")


class TestResults:
    def test_all_are_there(self, evaluation):
        assert [name for name in evaluation.results if name.startswith("networks/")] == RESULTS
        assert evaluation.left_out == {}

    def test_size_by_counting_rows(self, evaluation, made, named):
        counts = named.groupby(["ego", "wave"]).size()
        egos = made.egos.merge(made.people[["person", "arm"]], left_on="ego", right_on="person")
        egos["n"] = counts.reindex(pd.MultiIndex.from_frame(egos[["ego", "wave"]])).fillna(0).array
        by = egos.groupby(["arm", "wave"])["n"]
        found = evaluation.results["networks/size/means"].table.set_index(["group", "wave"])
        np.testing.assert_allclose(found["estimate"], by.mean()[found.index], rtol=RTOL)
        np.testing.assert_allclose(found["sd"], by.std()[found.index], rtol=RTOL)
        assert (found["n"] == by.size()[found.index]).all()

    def test_comparison_is_that_of_outcomes(self, evaluation, made):
        size = cp.EgoNetworks(made.egos, made.alters, made.ties, wave="wave").metrics().table
        data = made.data.merge(
            size.rename(columns={"ego": "person"}), on=["person", "wave"], how="left"
        )
        for measure in ("size", "density"):
            own = cp.outcomes.compare(data, measure, made.study, ["age"], sensitivity=False)
            found = evaluation.results[f"networks/{measure}/compare"].table
            for column in ("estimate", "se", "df", "p", "ci_low", "ci_high", "n"):
                np.testing.assert_allclose(found[column], own.table[column], rtol=RTOL)

    def test_composition_by_counting(self, evaluation, named):
        known = named.dropna(subset=["relation"])
        counts = known.groupby(["arm", "wave", "ego", "relation"]).size().unstack(fill_value=0)
        shares = counts.div(counts.sum(axis=1), axis=0).groupby(["arm", "wave"]).mean()
        found = evaluation.results["networks/composition"].table.set_index(
            ["group", "wave", "term"]
        )
        expected = [shares.loc[(arm, wave), term] for arm, wave, term in found.index]
        np.testing.assert_allclose(found["estimate"], expected, rtol=RTOL)

    def test_turnover_by_sets(self, evaluation, made):
        of = made.alters.groupby(["ego", "wave"])["alter"].agg(set)
        waves = made.egos.groupby("ego")["wave"].agg(set)
        arm = made.people.set_index("person")["arm"]
        both = [ego for ego, there in waves.items() if there == {"t0", "t1"}]
        rows = pd.DataFrame(
            [
                (arm[ego], len(b & a), len(b - a), len(a - b))
                for ego in both
                for b, a in [(of.get((ego, "t0"), set()), of.get((ego, "t1"), set()))]
            ],
            columns=["arm", "kept", "lost", "gained"],
        )
        found = evaluation.results["networks/turnover"].table.set_index(["term", "group"])
        for term in ("kept", "lost", "gained"):
            means = rows.groupby("arm")[term].mean()
            np.testing.assert_allclose(
                found["estimate"][term], means[found.loc[term].index], rtol=RTOL
            )

    def test_networks_without_a_place_in_the_study_are_counted(self, own):
        egos = pd.read_csv(own / "egos.csv")
        more = pd.DataFrame({"ego": ["X1", "X2"], "wave": "t0"})
        pd.concat([egos, more]).to_csv(own / "egos.csv", index=False)
        found = evaluated(own).results["networks/size/means"]
        assert found.table["n"].sum() == len(egos)
        assert found.warnings[0].startswith("2 networks are of people or waves")

    def test_only_some_alters_and_no_ties(self, own, made):
        changed(own, 'ties = "ties.csv"\n', 'only = { kind = "person" }\n')
        found = evaluated(own)
        assert "networks/structure" not in found.results
        assert "networks/density/means" not in found.results
        persons = made.alters["kind"].eq("person").sum()
        table = found.results["networks/size/means"].table
        np.testing.assert_allclose((table["estimate"] * table["n"]).sum(), persons, rtol=RTOL)
        assert found.networks.only == "Kind: person"
        assert "Taken alone: Kind: person." in found.report(own / "out").read_text("utf-8")


class TestPage:
    def test_has_the_section(self, text):
        assert '<h2 id="networks-part">Personal networks</h2>' in text
        assert '<a href="#networks-part">' in text
        assert 'id="figure-networks-caption"' in text
        for name in ("structure", "composition", "kinds", "turnover", "average"):
            assert f'id="table-networks-{name}"' in text

    def test_names_nobody(self, written, made):
        for file in ("report.html", "results.json"):
            body = (written / file).read_text(encoding="utf-8")
            words = set(re.findall(r"[\w-]+", body))
            assert not words & {*made.alters["alter"], *made.egos["ego"]}

    def test_says_no_cause(self, text):
        part = text.split('id="networks-part">')[1].split("</section>")[0]
        words = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", part, flags=re.S)
        assert not re.search(r"\b(because|caus|effect of|due to|led to)", words)

    def test_record_is_valid(self, written):
        record = json.loads((written / "results.json").read_text(encoding="utf-8"))
        jsonschema.validate(record, json.loads(SCHEMA.read_text(encoding="utf-8")))
        assert "n_density" not in record["results"]["networks/average"]["columns"]

    @pytest.mark.browser
    def test_axe_finds_no_violation(self, browser, written):
        from axe_playwright_python.sync_playwright import Axe

        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto((written / "report.html").as_uri())
        found = Axe().run(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        page.close()
        assert found.violations_count == 0, found.generate_report()
        assert width <= 390


class TestWithheld:
    def test_one_person_without_density_is_a_range(self, evaluation):
        table = release(evaluation).results["networks/density/means"].table
        row = table[(table["group"] == "usual") & (table["wave"] == "t0")].iloc[0]
        assert row["n"] == Withheld(71, 74)  # 74 of 75 who were seen
        assert row["sd"] == Withheld()

    def test_shares_and_densities_of_few(self):
        table = pd.DataFrame({
            "group": "a", "wave": None, "term": ["kin", "friend", "boss"], "n": 20,
            "share": [0.9, 0.5, 0.1], "mean": [3.0, 1.0, 0.1], "density": [0.5, 0.25, 1.0],
            "pooled_density": 0.5, "n_density": [15, 4, 1],
        })  # fmt: skip
        shown = protect_average(table, "x", Totals(5))
        hidden = shown.map(lambda cell: isinstance(cell, Withheld))
        assert hidden["share"].tolist() == [True, False, True]  # 18, 10 and 2 of 20
        assert hidden["mean"].tolist() == [False, False, True]
        assert hidden["density"].tolist() == [False, True, True]
        assert {"n_density", "pooled_density"}.isdisjoint(shown.columns)
        assert not protect_average(table, "x", Totals(1)).map(lambda c: isinstance(c, Withheld)).any(axis=None)  # fmt: skip

    def test_rare_categories_are_put_together(self):
        values = pd.Series(["a"] * 6 + ["b"] * 6 + ["c"] * 2 + [None])
        net = np.array([*range(6), *range(6), 0, 1, 2])
        pooled, n = without_rare(values, net, np.zeros(6, dtype=int), 5)
        assert n == 2  # c alone would be two networks': one of the others joins it
        assert pooled.value_counts().to_dict() == {"other": 8, "b": 6}
        assert without_rare(values, net, np.zeros(6, dtype=int), 1)[1] == 0

    def test_a_rare_relation_reaches_no_file(self, own):
        alters = pd.read_csv(own / "alters.csv")
        alters.loc[alters["relation"].first_valid_index(), "relation"] = "chaplain"
        alters.to_csv(own / "alters.csv", index=False)
        out = evaluated(own).report(own / "out").parent
        for file in ("report.html", "results.json"):
            assert "chaplain" not in (out / file).read_text(encoding="utf-8")


class TestWrong:
    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ('relation = "relation"\nkind', 'relation = "relatoin"\nkind', "did you mean 'relation'"),
            ('kind = "kind"\n', 'kind = "kind"\nmeasures = ["sizes"]\n', "did you mean 'size'"),
            ('kind = "kind"\n', 'kind = "kind"\nmeasures = ["size", "size"]\n', "twice"),
            ('ties = "ties.csv"\n', 'measures = ["density"]\n', "need ties"),
            ('ties = "ties.csv"\n', 'tie = "ties.csv"\n', "networks.tie"),
        ],
    )  # fmt: skip
    def test_the_study_file(self, own, old, new, told):
        changed(own, old, new)
        with pytest.raises(StudyError, match=told):
            cp.evaluate(own / "study.toml")

    def test_wrong_networks_leave_the_rest_of_the_report(self, own):
        alters = pd.read_csv(own / "alters.csv")
        pd.concat([alters, alters.head(1)]).to_csv(own / "alters.csv", index=False)
        found = evaluated(own)
        assert alters["alter"][0] in found.left_out["networks/structure"]
        text = found.report(own / "out").read_text(encoding="utf-8")
        assert "networks-part" not in text
        assert alters["alter"][0] not in text
