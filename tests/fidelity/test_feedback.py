"""The sheet for a team: what it says, what it withholds, and how it looks."""

import io
import re
import zipfile
from dataclasses import replace

import docx
import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import (
    MissingLibraryError,
    OptionError,
    OutputError,
    ProvisionalWarning,
    TooFewError,
)

EVIL = "<b>Trust</b> & =1+1 Ω"


def agreed_of(data, study, instrument="connecting_people"):
    return cp.fidelity.triangulate(
        data, instrument, study, informant="informant", assessor="assessor"
    )


@pytest.fixture(scope="module")
def made():
    return cp.simulate(seed=1)


@pytest.fixture(scope="module")
def agreed(made):
    return agreed_of(made.joined("fidelity"), made.study)


@pytest.fixture(scope="module")
def teams():
    """Teams are what is rated: 28 items, two occasions."""
    rng = np.random.default_rng(1)
    rows = [
        {"site": "N", "team": team, "wave": wave, "informant": "observer", "assessor": "o",
         **{f"dacts_{k + 1}": rng.integers(1, 6) for k in range(28)}}
        for wave in (1, 2) for team in ("A", "B")
    ]  # fmt: skip
    study = cp.Study(person="id", site="site", team="team", wave="wave")
    with pytest.warns(ProvisionalWarning):
        return agreed_of(pd.DataFrame(rows), study, "dacts")


@pytest.fixture(scope="module")
def few(made):
    few = made.people.query("trust == 'Trust A'")["person"].head(4)
    data = made.joined("fidelity")
    data = data[(data["trust"] != "Trust A") | data["person"].isin(few)]
    return agreed_of(data, made.study)


@pytest.fixture(scope="module", params=["people", "28 items", "withheld"])
def path(request, agreed, teams, tmp_path_factory):
    sheet = {
        "people": lambda: cp.fidelity.feedback(agreed, site="Trust A"),
        "28 items": lambda: cp.fidelity.feedback(teams, team="A"),
        "withheld": lambda: cp.fidelity.feedback(agreed, site="Trust A", small_count=90),
    }[request.param]()
    return sheet.to_html(tmp_path_factory.mktemp("sheet") / "sheet.html")


class TestNumbers:
    def test_means_of_items_now_and_before(self, agreed):
        sheet = cp.fidelity.feedback(agreed, site="Trust B")
        items = agreed.items.query("trust == 'Trust B'")
        by_hand = items.groupby(["wave", "item"])["estimate"].mean()
        table = sheet.table.set_index("item")
        np.testing.assert_allclose(table["estimate"], by_hand["t1"][table.index], rtol=1e-12)
        np.testing.assert_allclose(table["previous"], by_hand["t0"][table.index], rtol=1e-12)
        np.testing.assert_allclose(table["change"], table["estimate"] - table["previous"])
        scores = agreed.table.query("trust == 'Trust B' and wave == 't1'")
        np.testing.assert_allclose(
            sheet.scales["estimate"], scores.groupby("scale")["estimate"].mean()[sheet.scales["scale"]]
        )  # fmt: skip
        assert sheet.n_units == scores["person"].nunique()

    def test_strengths_first_then_the_lowest(self, teams):
        table = cp.fidelity.feedback(teams, team="A").table
        groups = table["group"].tolist()
        assert groups == sorted(groups, key=["strength", "next"].index)
        strong, rest = (table[table["group"] == g]["share"] for g in ("strength", "next"))
        assert strong.is_monotonic_decreasing
        assert rest.is_monotonic_increasing
        assert strong.min() >= 0.75 > rest.max()

    @pytest.mark.parametrize(
        ("levels", "strongest"),
        [
            ([3, 3, 2.6, 2, 2, 1], ["1", "2", "3"]),
            ([3, 2.6, 2.64, 2.56, 2, 1], ["1", "2", "3", "4"]),  # shown as 2.6
            ([3, 3, 2, 2, 2, 2, 1], ["1", "2"]),  # six would tie with the third
            ([1, 1, 1, 1, 1, 1, 1], []),  # the lowest level is no strength
            ([2, 2, 2, 2, 2, 2, 2], []),  # none stands out
            ([2, 1, 1, 1, 1, 1, 1], ["1"]),
            ([3.94, 2, 2, 2, 2, 2, 2], ["1"]),  # shown as 3.9: not three quarters of the way
            ([3.96, 2, 2, 2, 2, 2, 2], ["1"]),
            ([3.96, 3.9, 3.9, 2, 2, 2, 2], ["1"]),  # shown as 4.0, so one goes well
        ],
    )
    def test_the_strongest_where_none_is_strong(self, teams, levels, strongest):
        levels = np.array([*levels, *[1] * (28 - len(levels))], dtype=float)
        one = replace(teams, agreed=np.tile(levels, (len(teams.cells), 1)))
        table = cp.fidelity.feedback(one, team="A").table
        assert table[table["group"] == "strength"]["item"].tolist() == strongest

    def test_what_is_said_goes_by_the_score_that_is_shown(self, teams, tmp_path):
        some = teams.agreed.copy()
        last = (teams.cells["wave"] == 2).to_numpy()
        some[last, :3] = 2.96, 2.94, 3.96
        some[~last, :3] = 2.84, 2.94, 4.04
        sheet = cp.fidelity.feedback(replace(teams, agreed=some), team="A")
        table = sheet.table.set_index("item").loc[["1", "2", "3"]]
        assert table["level"].tolist() == [4, 3, 5]
        assert table["group"].tolist() == ["next", "next", "strength"]
        page = sheet.to_html(tmp_path / "a.html").read_text("utf-8")
        text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
        assert re.search(r"\b1\. .{,60} 3\.0 2\.8 up 0\.2", text)
        assert re.search(r"\b2\. .{,60} 2\.9 2\.9 as before", text)
        assert re.search(r"\b3\. .{,60} 4\.0 4\.0 as before", text)

    def test_codes_finer_than_a_tenth_have_their_decimals(self, tmp_path):
        quarters = {str(k / 4): f"level {k}" for k in range(5)}
        fine = tmp_path / "fine.toml"
        fine.write_text(
            'name = "fine"\ntitle = "Fine"\nversion = "1"\nstatus = "illustrative"\n'
            'status_note = "Made up."\ncitation = "None."\nlicence = { terms = "Free." }\n'
            'items = [{ code = "1", label = "one", responses = "level" }]\n'
            f"[responses.level]\ncodes = {{ {', '.join(f'{k!r} = {v!r}' for k, v in quarters.items())} }}\n"
            '[[scales]]\nlabel = "All"\nitems = "all"\ncombine = "mean"\nrange = [0, 1]\n'
            'better = "higher"\n',
            encoding="utf-8",
        )
        data = pd.DataFrame(
            {"site": "N", "team": list("AB"), "informant": "observer", "assessor": "o",
             "fine_1": [0.25, 0.75]}
        )  # fmt: skip
        study = cp.Study(person="id", site="site", team="team")
        both = cp.fidelity.triangulate(
            data, cp.Instrument.from_toml(fine), study, informant="informant", assessor="assessor"
        )
        low = cp.fidelity.feedback(both, team="A")
        assert low.table["level"].tolist() == [0.5]
        page = low.to_html(tmp_path / "a.html").read_text("utf-8")
        assert ">0.25<" in page
        assert "stands out" not in page  # there is one item, and nothing to compare it with

    def test_the_next_level_is_the_anchor_above(self, agreed):
        table = cp.fidelity.feedback(agreed, site="Trust A").table
        one = agreed.instrument
        for row in table.itertuples():
            above = [code for code in one.item(row.item).anchors if code > round(row.estimate, 1)]
            assert row.level == min(above)
            assert row.anchor == one.item(row.item).anchors[row.level]

    def test_without_anchors_the_answers_label_and_none_at_the_top(self, teams):
        table = cp.fidelity.feedback(teams, team="A").table
        assert table.query("estimate == 4")["anchor"].unique().tolist() == ["fully in place"]
        assert table.query("estimate == 1")["anchor"].unique().tolist() == ["a little"]
        assert table.query("estimate == 5")["anchor"].isna().all()

    def test_a_reversed_item_gets_better_downwards(self, scale):
        data = pd.DataFrame(
            {"site": "N", "team": list("ABCDE"), "informant": "observer", "assessor": "o",
             **{f"visits_{k}": 2 for k in (1, 2, 3)}, "visits_4": 5, "visits_5": 0.5}
        )  # fmt: skip
        study = cp.Study(person="id", site="site", team="team")
        found = cp.fidelity.feedback(agreed_of(data, study, scale), site="N").table
        row = found.set_index("item").loc["4"]
        assert (row["share"], row["level"], row["anchor"]) == (0, 1, "never")

    def test_another_agreed_as_last_time(self, agreed, made):
        data = made.joined("fidelity")
        first = agreed_of(data.query("wave == 't0'"), made.study)
        alone = agreed_of(data.query("wave == 't1'"), made.study)
        one = cp.fidelity.feedback(alone, site="Trust A", previous=first).table
        pd.testing.assert_frame_equal(one, cp.fidelity.feedback(agreed, site="Trust A").table)
        assert cp.fidelity.feedback(alone, site="Trust A").table["previous"].isna().all()

    def test_row_order_does_not_matter(self, agreed, made):
        turned = agreed_of(made.joined("fidelity").sample(frac=1, random_state=0), made.study)
        pd.testing.assert_frame_equal(
            cp.fidelity.feedback(turned, site="Trust C").table,
            cp.fidelity.feedback(agreed, site="Trust C").table,
        )


class TestDates:
    """Teams of one site, visited on different dates, the last of them of team A alone."""

    VISITS = (("A", "2026-01-10", 2), ("B", "2026-02-10", 3), ("A", "2026-07-01", 4),
              ("B", "2026-08-01", 5), ("A", "2026-09-01", 1))  # fmt: skip

    def agreed(self, visits=VISITS):
        rows = [
            {"site": "N", "team": team, "visit": pd.Timestamp(day), "informant": "observer",
             "assessor": "o", **{f"dacts_{k + 1}": level for k in range(28)}}
            for team, day, level in visits
        ]  # fmt: skip
        study = cp.Study(person="id", site="site", team="team")
        with pytest.warns(ProvisionalWarning):
            return cp.fidelity.triangulate(
                pd.DataFrame(rows), "dacts", study, informant="informant", assessor="assessor",
                occasion="visit",
            )  # fmt: skip

    def test_each_teams_own_last_visit_and_the_one_before(self):
        sheet = cp.fidelity.feedback(self.agreed(), site="N")
        # A: 1 now, 4 before; B: 5 now, 3 before.
        assert sheet.table["estimate"].eq(3).all()
        assert sheet.table["previous"].eq(3.5).all()
        assert sheet.table["n"].eq(2).all()
        assert sheet.occasion == "2026-08-01 to 2026-09-01"
        assert sheet.previous == "2026-02-10 to 2026-07-01"

    def test_one_team(self):
        sheet = cp.fidelity.feedback(self.agreed(), team="B")
        assert sheet.table["estimate"].eq(5).all()
        assert sheet.table["previous"].eq(3).all()
        assert (sheet.occasion, sheet.previous) == (
            pd.Timestamp("2026-08-01"), pd.Timestamp("2026-02-10")
        )  # fmt: skip

    def test_a_team_visited_once_has_no_last_time(self):
        sheet = cp.fidelity.feedback(self.agreed(self.VISITS[:3]), site="N")
        assert sheet.table["estimate"].eq(3.5).all()
        assert sheet.table["previous"].eq(2).all()
        alone = cp.fidelity.feedback(self.agreed(self.VISITS[:2]), site="N")
        assert alone.previous is None
        assert alone.table["previous"].isna().all()

    def test_a_date_that_is_named_is_of_that_date_alone(self):
        agreed = self.agreed()
        sheet = cp.fidelity.feedback(agreed, site="N", occasion=pd.Timestamp("2026-07-01"))
        assert sheet.table["estimate"].eq(4).all()
        assert sheet.table["previous"].eq(3).all()  # the visit before, of B
        with pytest.raises(OptionError, match=r"'2026-07-02'.*'2026-07-01'"):
            cp.fidelity.feedback(agreed, site="N", occasion=pd.Timestamp("2026-07-02"))

    def test_the_page_says_the_dates(self, tmp_path):
        sheet = cp.fidelity.feedback(self.agreed(), site="N")
        text = sheet.to_html(tmp_path / "a.html").read_text("utf-8")
        assert "2026-08-01 to 2026-09-01" in text
        assert "00:00" not in text
        assert "00:00" not in cp.fidelity.feedback(self.agreed(), team="B").to_html(
            tmp_path / "b.html"
        ).read_text("utf-8")


def test_made_up_levels_are_nobodys(agreed, teams, tmp_path):
    text = cp.fidelity.feedback(agreed, site="Trust A").to_html(tmp_path / "a.html").read_text()
    assert "Levels and wording are illustrative." in text
    assert "Webber" not in text
    text = cp.fidelity.feedback(teams, team="A").to_html(tmp_path / "b.html").read_text()
    assert "Source of the scale: Teague" in text
    assert "The scale is provisional" in text


class TestWithheld:
    def test_fewer_than_five_people(self, few, tmp_path):
        sheet = cp.fidelity.feedback(few, site="Trust A")
        assert sheet.withheld
        assert sheet.table[["estimate", "previous", "share", "level"]].isna().all(axis=None)
        assert sheet.scales[["estimate", "previous"]].isna().all(axis=None)
        text = sheet.to_html(tmp_path / "a.html").read_text(encoding="utf-8")
        assert "Fewer than 5 were rated here" in text
        assert "<td" not in text
        assert not re.search(r"\b[1-4] rated", text)

    def test_no_number_of_people_rated(self, agreed, teams, tmp_path):
        sheet = cp.fidelity.feedback(agreed, site="Trust A")
        text = sheet.to_html(tmp_path / "a.html").read_text(encoding="utf-8")
        assert re.findall(r"\w+ (?:or more )?rated<", text) == ["5 or more rated<"]
        text = cp.fidelity.feedback(teams, team="A").to_html(tmp_path / "b.html").read_text("utf-8")
        assert "1 rated" in text

    def test_the_studys_own_limit(self, few):
        assert not cp.fidelity.feedback(few, site="Trust A", small_count=3).withheld

    def test_one_item_that_few_were_rated_on(self, agreed):
        some = agreed.agreed.copy()
        here = (agreed.cells["trust"] == "Trust A") & (agreed.cells["wave"] == "t1")
        some[np.flatnonzero(here)[4:], 0] = np.nan
        sheet = cp.fidelity.feedback(replace(agreed, agreed=some), site="Trust A")
        last = sheet.table.iloc[-1]
        assert (last["item"], last["group"]) == ("1", "withheld")
        assert np.isnan(last["estimate"])
        assert any("1 item is not shown" in text for text in sheet.warnings)

    def test_a_team_that_is_the_unit_is_shown(self, teams):
        assert not cp.fidelity.feedback(teams, team="A").withheld

    def test_no_person_or_worker_is_named(self, agreed, made, tmp_path):
        sheet = cp.fidelity.feedback(agreed, site="Trust A")
        text = sheet.to_html(tmp_path / "a.html").read_text(encoding="utf-8")
        body = text.split("</style>")[1]
        for name in (*made.people["person"], *made.people["worker"]):
            assert name not in body


class TestFiles:
    def test_names_are_escaped(self, made, tmp_path):
        data = made.joined("fidelity").replace({"trust": {"Trust A": EVIL}})
        sheet = cp.fidelity.feedback(agreed_of(data, made.study), site=EVIL)
        text = sheet.to_html(tmp_path / "a.html").read_text(encoding="utf-8")
        assert "<b>" not in text
        assert "&lt;b&gt;Trust&lt;/b&gt; &amp; =1+1 Ω" in text
        word = docx.Document(str(sheet.to_docx(tmp_path / "a.docx")))
        assert EVIL in [p.text for p in word.paragraphs]

    def test_word_says_what_the_page_says(self, agreed, tmp_path):
        sheet = cp.fidelity.feedback(agreed, site="Trust A")
        word = docx.Document(str(sheet.to_docx(tmp_path / "a.docx")))
        page = sheet.to_html(tmp_path / "a.html").read_text(encoding="utf-8").replace("&#39;", "'")
        assert sum(len(table.rows) - 1 for table in word.tables) == 18
        for table in word.tables:
            assert "tblHeader" in table.rows[0]._tr.xml
            for row in table.rows:
                assert all(cell.text in page for cell in row.cells)
        assert word.core_properties.title.startswith("Trust A: ")

    def test_the_same_sheet_gives_the_same_files(self, agreed, tmp_path):
        sheet = cp.fidelity.feedback(agreed, site="Trust A")
        pages = [sheet.to_html(tmp_path / f"{k}.html").read_bytes() for k in range(2)]
        assert pages[0] == pages[1]
        parts = []
        for k in range(2):
            with zipfile.ZipFile(
                io.BytesIO(sheet.to_docx(tmp_path / f"{k}.docx").read_bytes())
            ) as z:
                parts.append({name: z.read(name) for name in z.namelist()})
        assert parts[0] == parts[1]

    @pytest.mark.parametrize("write", ["to_html", "to_docx"])
    def test_wrong_places(self, agreed, tmp_path, write):
        sheet = cp.fidelity.feedback(agreed, site="Trust A")
        with pytest.raises(OptionError, match="should end in"):
            getattr(sheet, write)(tmp_path / "a.txt")
        with pytest.raises(OutputError):
            getattr(sheet, write)(tmp_path / "no folder" / f"a.{write[3:]}")

    def test_without_python_docx(self, agreed, tmp_path, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "docx", None)
        with pytest.raises(MissingLibraryError, match=r"cpeval\[docx\]"):
            cp.fidelity.feedback(agreed, site="Trust A").to_docx(tmp_path / "a.docx")


class TestWrong:
    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ({}, "Whose sheet"),
            ({"site": "Trst A"}, "did you mean 'Trust A'"),
            ({"site": "Trust A", "team": "Team B1"}, "no team 'Team B1'"),
            ({"site": "Trust A", "occasion": "t9"}, "no rating at 't9'"),
            ({"site": "Trust A", "previous": "t1"}, "before 't1'"),
            ({"site": "Trust A", "small_count": 0}, "small_count"),
        ],
    )
    def test_arguments(self, agreed, said, told):
        with pytest.raises(OptionError, match=told):
            cp.fidelity.feedback(agreed, **said)

    def test_not_agreed(self, made):
        with pytest.raises(OptionError, match="triangulate"):
            cp.fidelity.feedback(made.joined("fidelity"), site="Trust A")

    def test_another_instruments(self, agreed, teams):
        with pytest.raises(OptionError, match="dacts"):
            cp.fidelity.feedback(agreed, site="Trust A", previous=teams)

    def test_teams_of_one_name_in_two_sites(self, made):
        data = made.joined("fidelity").assign(team="one name")
        both = agreed_of(data, made.study)
        with pytest.raises(OptionError, match="Say site= too"):
            cp.fidelity.feedback(both, team="one name")
        assert (
            cp.fidelity.feedback(both, site="Trust A", team="one name").place
            == "Trust A · one name"
        )

    def test_no_rating_at_all(self, agreed):
        none = replace(agreed, agreed=np.full_like(agreed.agreed, np.nan))
        with pytest.raises(TooFewError):
            cp.fidelity.feedback(none, site="Trust A")


def test_plot_shows_now_and_before(agreed):
    ax = cp.fidelity.feedback(agreed, site="Trust A").plot()
    assert [text.get_text() for text in ax.get_legend().texts] == ["before", "now"]
    assert len(ax.get_yticklabels()) == 18


@pytest.mark.browser
class TestInABrowser:
    @pytest.mark.parametrize("size", [(1280, 900), (390, 844)], ids=["desktop", "phone"])
    def test_axe_finds_no_violation(self, browser, path, size):
        from axe_playwright_python.sync_playwright import Axe

        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.goto(path.as_uri())
        found = Axe().run(page)
        page.close()
        assert found.violations_count == 0, found.generate_report()

    def test_prints_on_one_page_of_a4(self, browser, path):
        page = browser.new_page()
        page.goto(path.as_uri())
        pdf = page.pdf(prefer_css_page_size=True, print_background=True)
        page.close()
        assert len(re.findall(rb"/Type\s*/Page(?![s\w])", pdf)) == 1
