"""``[fidelity]`` of a study file: what is computed, what the report shows, what it withholds."""

import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import openpyxl
import pandas as pd
import pytest

import cpeval as cp
from cpeval.delivery_sheets import site_and_team_sheets
from cpeval.errors import StudyError, TooFewError
from cpeval.fidelity.shareable import shareable
from cpeval.outcomes.fidelity_by_site import fidelity_by_site
from cpeval.report.delivery_release import delivery_prose, protect_delivery
from cpeval.report.sheet_files import sheet_files

RESULTS = [
    *("fidelity/profile", "fidelity/drift", "fidelity/agreement", "fidelity/classification"),
    "fidelity/outcome",
]
SCHEMA = Path(cp.__file__).parent / "report" / "results.schema.json"


def evaluated(folder):
    with pytest.warns(cp.errors.ProvisionalWarning):  # rg_uk
        return cp.evaluate(folder / "study.toml")


def changed(folder, old, new):
    text = (folder / "study.toml").read_text()
    assert old in text
    (folder / "study.toml").write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def made():
    return cp.simulate(seed=1, waves=["t0", "t1", "t2", "t3"])


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("study")
    made.write(path)
    return path


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
def by_hand(made):
    data = made.joined("fidelity").query("arm == 'CP'")
    return cp.fidelity.triangulate(
        data, "connecting_people", made.study, informant="informant", assessor="assessor"
    )


class TestResults:
    def test_are_those_of_the_functions_by_hand(self, evaluation, by_hand):
        found = [name for name in evaluation.results if name.startswith("fidelity/")]
        assert found == RESULTS
        assert evaluation.left_out == {}
        found = evaluation.results["fidelity/profile"].table
        pd.testing.assert_frame_equal(found, cp.fidelity.profile(by_hand).table)

    def test_drift_is_over_the_occasions_after_the_baseline(self, evaluation, made):
        found = evaluation.results["fidelity/drift"]
        assert found.occasions == ("t1", "t2", "t3")
        data = made.joined("fidelity").query("arm == 'CP' and wave != 't0'")
        by_hand = cp.fidelity.drift(
            data, "connecting_people", made.study, informant="informant", assessor="assessor"
        )
        pd.testing.assert_frame_equal(found.table, by_hand.table)

    def test_outcome_by_site_by_hand(self, evaluation, made, by_hand):
        scored = cp.score(made.data, "swemwbs").query("arm == 'CP'")
        wide = scored.pivot(index=["person", "trust"], columns="wave", values="swemwbs_metric")
        change = (wide["t1"] - wide["t0"]).dropna().groupby("trust")
        found = evaluation.results["fidelity/outcome"].table.set_index("site")
        np.testing.assert_allclose(found["estimate"], change.mean()[found.index])
        assert (found["n"] == change.count()[found.index]).all()
        # Of the follow-up, not of a later wave: delivery comes before the outcome or with it.
        total = cp.fidelity.profile(by_hand, occasion="t1").table.query(
            "term == 'site' and scale == 'connecting_people'"
        )
        assert evaluation.results["fidelity/outcome"].when == "Delivery at t1, the outcome at t1"
        np.testing.assert_allclose(
            found["fidelity"], total.set_index("site")["estimate"][found.index]
        )

    def test_all_arms_can_be_asked_for(self, folder, tmp_path):
        for file in folder.iterdir():
            (tmp_path / file.name).write_bytes(file.read_bytes())
        changed(tmp_path, 'assessor = "assessor"', 'assessor = "assessor"\narms = "all"')
        found = evaluated(tmp_path)
        whole = found.results["fidelity/profile"].table["n"].iloc[0]
        last = cp.read(tmp_path / "fidelity.csv").query("wave == 't3'")
        assert whole == last["person"].nunique()
        assert not found.delivery.of_arm


class TestPage:
    def test_has_the_section_its_pictures_and_tables(self, text):
        assert '<h2 id="delivery-part">How it was delivered</h2>' in text
        assert '<a href="#delivery-part">' in text
        for ident in ("delivery", "drift", "agreement", "agreement-sites", "delivery-outcome"):
            assert f'id="table-{ident}"' in text
        for ident in ("delivery", "drift", "delivery-outcome"):
            assert f'id="figure-{ident}-caption"' in text
        assert "in the intervention arm" in text

    def test_says_no_cause(self, text):
        part = text.split('id="delivery-part">')[1].split("</section>")[0]
        words = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", part, flags=re.S)
        assert not re.search(r"\b(because|caus|effect|due to|led to (?!the other))", words)
        assert "doesn’t say that one led to the other" in words

    def test_links_to_a_sheet_for_each_site(self, text, written, evaluation):
        files = sheet_files(evaluation)
        assert list(files) == [f"Trust {letter}" for letter in "ABCDE"]
        for place, file in files.items():
            assert f'<a href="{file}">{place}</a>' in text
            page = (written / file).read_text(encoding="utf-8")
            assert f"<h1>{place}</h1>" in page
            assert "Simulated data." in page

    def test_names_nobody(self, written, made):
        for file in written.glob("*.html"):
            body = re.sub(
                r"<style>.*?</style>|<svg.*?</svg>", "", file.read_text("utf-8"), flags=re.S
            )
            words = set(re.findall(r"\w+", body))
            assert not words & {*made.people["person"], *made.people["worker"]}

    def test_tells_no_number_of_people_rated(self, evaluation, written):
        record = json.loads((written / "results.json").read_text(encoding="utf-8"))
        jsonschema.validate(record, json.loads(SCHEMA.read_text(encoding="utf-8")))
        # Numbers by category have a gate of their own: test_delivery_classes.
        for name in (one for one in RESULTS if one != "fidelity/classification"):
            columns = record["results"][name]["columns"]
            for row in record["results"][name]["rows"]:
                assert row["n"] == {"withheld": True, "at_least": 5, "at_most": None}
                for telling in {"se", "df", "statistic"} & set(columns):
                    assert row[telling] is None or isinstance(row[telling], dict), telling
            assert "small" not in columns
            assert "why" not in columns
            n = evaluation.results[name].table["n"].iloc[0]
            assert not re.search(rf"\b{n} units", record["results"][name]["note"])

    def test_workbook_has_a_sheet_for_each(self, written):
        book = openpyxl.load_workbook(written / "tables.xlsx")
        titles = [str(sheet["A1"].value) for sheet in book]
        assert "Delivery by site (simulated data)" in titles

    def test_the_same_evaluation_gives_the_same_bytes(self, evaluation, written, tmp_path):
        evaluation.report(tmp_path)
        for file in written.iterdir():
            assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name

    @pytest.mark.browser
    @pytest.mark.parametrize("size", [(1280, 900), (390, 844)], ids=["desktop", "phone"])
    def test_axe_finds_no_violation(self, browser, written, size):
        from axe_playwright_python.sync_playwright import Axe

        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.goto((written / "report.html").as_uri())
        found = Axe().run(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        page.close()
        assert found.violations_count == 0, found.generate_report()
        assert width <= size[0]


class TestWithheld:
    def test_few_of_a_site_are_out_of_all_that_is_computed(self, by_hand):
        cells = by_hand.cells
        of_a = cells.loc[(cells["trust"] == "Trust A") & (cells["wave"] == "t3"), "person"]
        gone = (
            (cells["trust"] == "Trust A")
            & (cells["wave"] == "t3")
            & ~cells["person"].isin(of_a[:4])
        )
        table = by_hand.table.copy()
        table.loc[gone.repeat(5).to_numpy(), "estimate"] = np.nan
        some = np.where(gone.to_numpy()[:, None], np.nan, by_hand.agreed)
        guarded, n = shareable(replace(by_hand, table=table, agreed=some), 5)
        assert n == 1
        left = guarded.table.query("trust == 'Trust A' and wave == 't3'")
        assert left["estimate"].isna().all()
        charts = cp.fidelity.drift(guarded).charts
        assert (charts.query("site == 'Trust A' and occasion == 't3'")["n"] == 0).all()
        # Others stay as they are.
        rest = guarded.table["trust"] != "Trust A"
        pd.testing.assert_series_equal(
            guarded.table["estimate"][rest], by_hand.table["estimate"][rest]
        )

    def test_one_item_of_few(self, by_hand):
        some = by_hand.agreed.copy()
        here = np.flatnonzero(
            (by_hand.cells["trust"] == "Trust B") & (by_hand.cells["wave"] == "t1")
        )
        some[here[3:], 7] = np.nan
        guarded, n = shareable(replace(by_hand, agreed=some), 5)
        assert n == 0
        assert np.isnan(guarded.agreed[here, 7]).all()
        np.testing.assert_array_equal(
            np.delete(guarded.agreed, 7, axis=1), np.delete(some, 7, axis=1)
        )

    def test_off_and_teams(self, by_hand):
        assert shareable(by_hand, 1) == (by_hand, 0)

    def test_a_table_of_few(self):
        table = pd.DataFrame(
            {"site": ["A", "B"], "scale": "s", "estimate": [3.0, 4.0], "n": [4, 5]}
        )
        shown = protect_delivery(table, 5)
        assert [str(cell) for cell in shown["n"]] == ["<5", "5 or more"]
        assert [str(cell) for cell in shown["estimate"]] == ["withheld", "4.0"]
        assert shown["site"].tolist() == ["A", "B"]

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ("3 of 25 scale scores are missing.", "Some scale scores are missing."),
            ("and 2 sheets by others", "and some sheets by others"),
            ("Agreement on 1,063 units (person).", "Agreement on the units (person)."),
        ],
    )
    def test_sentences(self, said, told):
        assert delivery_prose(said, 5) == told

    def test_a_site_of_few_people_has_no_sheet_and_no_dot(self, made, tmp_path):
        made.write(tmp_path)
        people = pd.read_csv(tmp_path / "people.csv")
        few = people.query("trust == 'Trust A' and arm == 'CP'")["person"].iloc[4:]
        for name in ("people", "responses", "fidelity"):
            table = pd.read_csv(tmp_path / f"{name}.csv")
            table[~table["person"].isin(few)].to_csv(tmp_path / f"{name}.csv", index=False)
        found = evaluated(tmp_path)
        assert "Trust A" not in found.delivery.sheets
        assert "Trust A" not in set(found.results["fidelity/outcome"].table["site"])
        text = found.report(tmp_path / "out").read_text(encoding="utf-8")
        part = text.split('id="delivery-part">')[1].split("</section>")[0]
        grid = part.split('id="table-delivery"')[1].split("</table>")[0]
        assert not re.search(r">Trust A</th>\s*<td[^>]*>\d", grid)


@pytest.fixture(scope="module")
def teams_rated(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("teams")
    made.write(path)
    rows = made.joined("fidelity").query("arm == 'CP' and informant == 'observer'")
    drop = ["person", "worker", "trust", "arm"]
    rows = rows.drop_duplicates(["trust", "team", "wave"]).drop(columns=drop, errors="ignore")
    rows.to_csv(path / "fidelity.csv", index=False)
    return evaluated(path)


def test_from_before_the_programme_to_its_start_is_no_drift(tmp_path):
    cp.simulate(seed=1).write(tmp_path)
    found = evaluated(tmp_path)
    assert "fidelity/drift" not in {*found.results, *found.left_out}
    text = found.report(tmp_path / "out").read_text(encoding="utf-8")
    assert "needs ratings on two occasions since the programme began" in text
    assert "From one occasion to the next" not in text


class TestTeamsRated:
    def test_a_team_is_nobody_to_protect(self, teams_rated, tmp_path):
        assert not teams_rated.delivery.units_are_people
        assert not teams_rated.results["fidelity/profile"].table["small"].any()
        text = teams_rated.report(tmp_path).read_text(encoding="utf-8")
        grid = text.split('id="table-delivery"')[1].split("</table>")[0]
        assert re.search(r">Trust A</th>\s*<td[^>]*>\d", grid)
        assert "withheld" not in grid
        rows = json.loads((tmp_path / "results.json").read_text("utf-8"))["results"]
        assert all(isinstance(row["n"], int) for row in rows["fidelity/profile"]["rows"])
        assert isinstance(rows["fidelity/outcome"]["rows"][0]["n"], dict)

    def test_who_never_rated_is_told(self, teams_rated, tmp_path):
        assert teams_rated.delivery.informants == ("observer",)
        assert teams_rated.delivery.silent == ("participant", "worker")
        assert teams_rated.delivery.complete == 1
        text = teams_rated.report(tmp_path).read_text(encoding="utf-8")
        assert "rated by observer on" in text
        assert "There is no rating by participant and worker." in text


class TestOutcomeBySite:
    STUDY = cp.Study(person="id", site="site", wave="wave", baseline=0, follow_up=1)

    def data(self):
        n = 12
        rows = pd.DataFrame({"id": range(n), "site": list("AAAAAABBBBBC")})
        return pd.concat([rows.assign(wave=w, y=w * rows["site"].map({"A": 1, "B": 2, "C": 3})) for w in (0, 1)])  # fmt: skip

    def test_small_and_unrated_sites_are_left_out_and_counted(self):
        found = fidelity_by_site(self.data(), "y", self.STUDY, {"A": 3.0, "C": 4.0})
        assert found.table.to_dict("list") == {"site": ["A"], "fidelity": [3.0], "estimate": [1.0], "n": [6]}  # fmt: skip
        assert found.warnings == (
            "1 sites have fewer than 5 people, and are not shown.",
            "1 sites have no fidelity score, and are not shown.",
        )
        assert found.plot().get_ylabel() == "Mean change"

    def test_nothing_left(self):
        with pytest.raises(TooFewError):
            fidelity_by_site(self.data(), "y", self.STUDY, {})


class TestWrong:
    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ('informant = "informant"', 'informant = "informants"', "did you mean 'informant'"),
            (
                'instrument = "connecting_people"',
                'instrument = "conecting_people"',
                "connecting_people",
            ),
            ('instrument = "connecting_people"', "", "definition = "),
            ('assessor = "assessor"', 'rule = "mean"', "rule"),
            ('assessor = "assessor"', 'arm = "all"', "arm"),
        ],
    )
    def test_the_study_file(self, folder, tmp_path, old, new, told):
        for file in folder.iterdir():
            (tmp_path / file.name).write_bytes(file.read_bytes())
        changed(tmp_path, old, new)
        with pytest.raises(StudyError, match=told):
            cp.evaluate(tmp_path / "study.toml")

    def test_wrong_ratings_leave_the_rest_of_the_report(self, folder, tmp_path):
        for file in folder.iterdir():
            (tmp_path / file.name).write_bytes(file.read_bytes())
        ratings = pd.read_csv(tmp_path / "fidelity.csv")
        ratings["connecting_people_1"] = 9
        ratings.to_csv(tmp_path / "fidelity.csv", index=False)
        found = evaluated(tmp_path)
        assert "connecting_people_1" in found.left_out["fidelity/profile"]
        text = found.report(tmp_path / "out").read_text(encoding="utf-8")
        assert "Delivery by site: could not be computed." in text
        assert "delivery-part" not in text


class TestAgreement:
    def test_of_each_site_at_the_last_occasion(self, evaluation, made, text):
        data = made.joined("fidelity").query("arm == 'CP' and wave == 't3'")
        by_hand = cp.fidelity.agreement(
            data, "connecting_people", made.study, informant="informant", assessor="assessor"
        )
        pd.testing.assert_frame_equal(evaluation.results["fidelity/agreement"].table, by_hand.table)
        grid = text.split('id="table-agreement-sites"')[1].split("</table>")[0]
        rows = by_hand.table.query("term == 'icc' and scale == 'connecting_people'")
        for row in rows.dropna(subset=["site"]).itertuples():
            assert f">{row.site}</th>" in grid
            shown = "" if row.n < 5 else f"{row.estimate:.2f}".replace("-", "−")
            assert f">{shown}" in grid

    def test_dates_take_each_units_own_last(self, made, tmp_path):
        """Half of the people are rated a month later than the others, twice each."""
        made.write(tmp_path)
        ratings = pd.read_csv(tmp_path / "fidelity.csv")
        ratings = ratings[ratings["wave"].isin(["t1", "t2"])]
        later = ratings["person"].isin(ratings["person"].unique()[::2])
        days = ratings["wave"].map({"t1": "2026-01-10", "t2": "2026-06-10"})
        ratings["day"] = days.where(~later, days.str.replace("-10", "-28"))
        some = ratings[ratings.filter(like="connecting_people_").notna().any(axis=1)]
        last = some[some["day"] == some.groupby("person")["day"].transform("max")]
        ratings.drop(columns="wave").to_csv(tmp_path / "fidelity.csv", index=False)
        changed(tmp_path, "[fidelity]\n", '[fidelity]\noccasion = "day"\n')
        found = evaluated(tmp_path).results["fidelity/agreement"].table
        data = last.merge(made.people, on="person").query("arm == 'CP'")
        by_hand = cp.fidelity.agreement(
            data.drop(columns="wave"), "connecting_people", made.study,
            informant="informant", assessor="assessor", occasion="day",
        ).table  # fmt: skip
        pd.testing.assert_frame_equal(found, by_hand)


class TestRules:
    """Weights and consensus values in a study file."""

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ('rule = "weighted"', "needs weights"),
            ("weights = { observer = 1 }", 'go with rule = "weighted"'),
            ('rule = "weighted"\nweights = { observer = 0.5, worker = 0.2 }', "sum to 0.7"),
            ('rule = "weighted"\nweights = { observer = 1, worker = -0.2 }', "numbers from 0"),
            ('otherwise = "median"', "otherwise goes with"),
            ('consensus = "meeting.xlsx"', "consensus goes with"),
        ],
    )
    def test_mistakes_are_found_before_anything_is_computed(self, made, tmp_path, said, told):
        made.write(tmp_path)
        changed(tmp_path, "[fidelity]\n", f"[fidelity]\n{said}\n")
        with pytest.raises(StudyError, match=told) as error:
            cp.evaluate(tmp_path / "study.toml")
        assert "fidelity" in str(error.value)

    def test_weights_of_others_than_the_definition_names_are_found_too(self, made, tmp_path):
        made.write(tmp_path)
        weights = "weights = { observer = 0.5, worker = 0.3, friend = 0.2 }"
        changed(tmp_path, "[fidelity]\n", f'[fidelity]\nrule = "weighted"\n{weights}\n')
        with pytest.raises(StudyError, match=r"fidelity\.weights: .*no weight for 'participant'"):
            cp.evaluate(tmp_path / "study.toml")

    def test_weights_that_do_not_fit_the_ratings_leave_out_the_part(self, made, tmp_path):
        """The file's own informants have weights, and the ratings are by others."""
        made.write(tmp_path)
        said = 'informants = ["observer", "worker", "friend"]\nrule = "weighted"\n'
        said += "weights = { observer = 0.5, worker = 0.3, friend = 0.2 }"
        changed(tmp_path, "[fidelity]\n", f"[fidelity]\n{said}\n")
        found = evaluated(tmp_path)
        assert found.left_out["fidelity/profile"].startswith("[fidelity]: ")
        assert "'participant'" in found.left_out["fidelity/profile"]
        assert found.report(tmp_path / "out").is_file()

    @pytest.fixture
    def meeting(self, made, by_hand, tmp_path):
        """A study whose disagreements were settled, those of the other arm as well."""
        made.write(tmp_path)
        said = '[fidelity]\nrule = "consensus"\notherwise = "median"\nconsensus = "meeting.xlsx"\n'
        changed(tmp_path, "[fidelity]\n", said)
        found = cp.fidelity.disagreements(
            made.joined("fidelity"), "connecting_people", made.study,
            informant="informant", assessor="assessor",
        )  # fmt: skip
        sheet = found.to_sheet(tmp_path / "empty.xlsx")
        table = pd.read_excel(sheet)
        table["rating"], table["by"], table["on"] = 1, "the meeting", "2026-01-31"
        return table, tmp_path

    def test_a_meetings_values_are_taken(self, meeting, made):
        table, folder = meeting
        table.to_excel(folder / "meeting.xlsx", index=False)
        found = evaluated(folder)
        data = made.joined("fidelity").query("arm == 'CP'")
        here = table[table["person"].isin(data["person"])]
        by_hand = cp.fidelity.triangulate(
            data, "connecting_people", made.study, informant="informant", assessor="assessor",
            rule="consensus", otherwise="median", consensus=here,
        )  # fmt: skip
        expected = cp.fidelity.profile(by_hand).table
        pd.testing.assert_frame_equal(found.results["fidelity/profile"].table, expected)
        assert "meeting.xlsx" in [source.file for source in found.sources]
        assert found.results["fidelity/profile"].table["estimate"].min() < 2

    def test_a_meetings_mistakes_name_the_file_and_rows(self, meeting):
        table, folder = meeting
        table.loc[2, "rating"] = 7
        table.loc[4, "by"] = None
        table.to_excel(folder / "meeting.xlsx", index=False)
        with pytest.raises(cp.CpevalError, match=r"meeting\.xlsx") as error:
            cp.evaluate(folder / "study.toml")
        for part in ("row 3", "row 5", "Excel calls it row 2"):
            assert part in str(error.value)

    def test_a_unit_that_nobody_rated_is_named(self, meeting):
        table, folder = meeting
        table["person"] = table["person"].astype(object)
        table.loc[0, "person"] = "P9999"
        table.to_excel(folder / "meeting.xlsx", index=False)
        assert "P9999" in evaluated(folder).left_out["fidelity/profile"]

    def test_no_sheet(self, meeting):
        with pytest.raises(cp.errors.ReadError, match=r"\[fidelity\] consensus.*'meeting\.xlsx'"):
            cp.evaluate(meeting[1] / "study.toml")


class TestSheetsOfTeams:
    """Both arms, so that each Trust has two teams."""

    def found(self, made, tmp_path, few=0):
        made.write(tmp_path)
        changed(tmp_path, "[fidelity]\n", '[fidelity]\narms = "all"\n')
        if few:
            people = pd.read_csv(tmp_path / "people.csv")
            gone = people[people["team"] == people["team"].iloc[0]]["person"].iloc[few:]
            for name in ("people", "responses", "fidelity"):
                table = pd.read_csv(tmp_path / f"{name}.csv")
                table[~table["person"].isin(gone)].to_csv(tmp_path / f"{name}.csv", index=False)
        return evaluated(tmp_path)

    def test_a_sheet_for_each_site_and_team(self, made, tmp_path):
        found = self.found(made, tmp_path)
        teams = made.people[["trust", "team"]].drop_duplicates()
        both = [f"{row.trust} · {row.team}" for row in teams.itertuples()]
        assert set(found.delivery.sheets) == {*teams["trust"], *both}
        page = found.report(tmp_path / "out").read_text(encoding="utf-8")
        for name in sheet_files(found).values():
            assert f'href="{name}"' in page
            assert (tmp_path / "out" / name).is_file()
        assert f">{both[0]}</a>" in page

    def test_no_team_of_a_site_where_one_has_few_people(self, made, tmp_path):
        found = self.found(made, tmp_path, few=3)
        trust, team = made.people[["trust", "team"]].iloc[0]
        of_site = [name for name in found.delivery.sheets if name.startswith(trust)]
        assert of_site == [trust]
        assert team not in str(list(found.delivery.sheets))

    @pytest.fixture
    def both(self, made):
        """Ratings of two occasions, of people with their teams."""
        return made.joined("fidelity").query("wave in ['t1', 't2']")

    def sheets(self, data, made):
        agreed = cp.fidelity.triangulate(
            data, "connecting_people", made.study, informant="informant", assessor="assessor"
        )
        return site_and_team_sheets(agreed, 5)

    def of_a(self, sheets):
        return [name for name in sheets if name.startswith("Trust A")]

    def test_no_team_where_one_had_few_people_last_time(self, both, made):
        whole = self.of_a(self.sheets(both, made))
        assert len(whole) == 3
        first = made.people["team"] == made.people["team"].iloc[0]
        gone = made.people[first]["person"].iloc[3:]
        early = both[~((both["wave"] == "t1") & both["person"].isin(gone))]
        assert self.of_a(self.sheets(early, made)) == ["Trust A"]

    def test_no_team_where_few_people_have_none(self, both, made):
        few = made.people.query("trust == 'Trust A'")["person"].iloc[:2]
        data = both.assign(team=both["team"].where(~both["person"].isin(few)))
        assert self.of_a(self.sheets(data, made)) == ["Trust A"]

    def test_no_team_where_one_was_last_rated_at_another_time(self, both, made):
        team = made.people["team"].iloc[0]
        data = both[~((both["wave"] == "t2") & (both["team"] == team))]
        assert self.of_a(self.sheets(data, made)) == ["Trust A"]

    def test_no_team_where_few_were_rated_on_one_item(self, both, made):
        team = made.people["team"].iloc[0]
        here = (both["wave"] == "t2") & (both["team"] == team)
        some = both[here]["person"].unique()[3:]
        data = both.copy()
        data.loc[here & data["person"].isin(some), "connecting_people_1"] = np.nan
        assert self.of_a(self.sheets(data, made)) == ["Trust A"]


def test_names_of_files_are_plain_and_differ(evaluation):
    sheet = evaluation.delivery.sheets["Trust A"]
    names = ["Ward 1/2", "ward 1 2", "../../etc", "Ωμέγα & Co", "***"]
    delivery = replace(evaluation.delivery, sheets=dict.fromkeys(names, sheet))
    files = sheet_files(replace(evaluation, delivery=delivery))
    assert list(files.values()) == [
        "feedback-ward-1-2.html",
        "feedback-ward-1-2-2.html",
        "feedback-etc.html",
        "feedback-ωμέγα-co.html",
        "feedback-site.html",
    ]
