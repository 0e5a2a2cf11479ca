"""The page: its structure, its words, and that no name can break out of its place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest

from cpeval.report.page import page
from cpeval.report.release import release
from cpeval.study import Study

VOID = {"meta", "br", "img", "input", "link", "hr"}


@dataclass
class Node:
    tag: str
    attributes: dict[str, str | None]
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    def all(self, *tags: str) -> list[Node]:
        """Every node below with one of the tags, in the order of the page."""
        found = []
        for child in self.children:
            found += [child] if child.tag in tags else []
            found += child.all(*tags)
        return found

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())


class Reader(HTMLParser):
    """Make a tree, and fail where a tag is closed that isn't open."""

    def __init__(self, html: str):
        super().__init__(convert_charrefs=True)
        self.root = self.at = Node("", {})
        self.feed(html)
        assert self.at is self.root, f"<{self.at.tag}> is never closed"

    def handle_starttag(self, tag, attrs):
        node = Node(tag, dict(attrs), self.at)
        self.at.children.append(node)
        if tag not in VOID:
            self.at = node

    def handle_startendtag(self, tag, attrs):
        self.at.children.append(Node(tag, dict(attrs), self.at))

    def handle_endtag(self, tag):
        assert self.at.tag == tag, f"</{tag}> within <{self.at.tag}>"
        self.at = self.at.parent

    def handle_data(self, data):
        node = self.at
        while node is not None:
            node.pieces.append(data)
            node = node.parent


def html(evaluation) -> str:
    return page(evaluation, release(evaluation))


def tree(evaluation) -> Node:
    return Reader(html(evaluation)).root


def table(root: Node, ident: str) -> list[list[str]]:
    """The cells of a table, row by row, as a sighted reader sees them."""
    found = next(t for t in root.all("table") if t.attributes["id"] == ident)
    for spoken in (s for s in found.all("span") if s.attributes.get("class") == "spoken"):
        spoken.parent.pieces = [spoken.parent.all("span")[0].text]
    return [[cell.text for cell in row.all("th", "td")] for row in found.all("tr")]


@pytest.fixture
def root(evaluation) -> Node:
    return tree(evaluation)


def test_headings_are_in_order(root):
    levels = [int(node.tag[1]) for node in root.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_sections_are_in_order(root):
    headings = [node.text for node in root.all("h2")]
    assert headings == [
        "Contents", "In brief", "What was asked", "Who took part", "The state of the data",
        "People at baseline", "Low mood primary outcome", "Feeling safe",
        "Reliability of the scales", "Methods", "Warnings", "Repeating this run",
    ]  # fmt: skip


def test_ids_are_unique_and_every_reference_has_its_target(root):
    nodes = root.all(*{node.tag for node in walk(root)})
    ids = Counter(node.attributes["id"] for node in nodes if "id" in node.attributes)
    assert not {name for name, n in ids.items() if n > 1}
    for node in nodes:
        for attribute in ("aria-labelledby", "aria-describedby"):
            assert set((node.attributes.get(attribute) or "").split()) <= set(ids)
        for attribute in ("href", "xlink:href"):
            target = node.attributes.get(attribute)
            assert target is None or (target.startswith("#") and target[1:] in ids)


def walk(node: Node):
    for child in node.children:
        yield child
        yield from walk(child)


def test_every_table_has_a_caption_and_scoped_headers(root):
    tables = root.all("table")
    assert len(tables) == 12
    for one in tables:
        assert one.children[0].tag == "caption"
        assert one.children[0].text
        assert {cell.attributes.get("scope") for cell in one.all("th")} <= {
            "col", "row", "rowgroup"
        }  # fmt: skip
        for row in one.all("tbody")[0].all("tr"):
            assert row.children[0].tag == "th" or row.parent.all("tr")[0] is not row
        assert all("scope" in cell.attributes for cell in one.all("th"))


def test_every_wide_thing_scrolls_by_keyboard(root):
    for one in (*root.all("table"), *root.all("svg")):
        region = one.parent
        assert region.attributes["class"] == "scroll"
        assert region.attributes["tabindex"] == "0"
        assert region.attributes["role"] == "region"


def test_every_picture_says_its_numbers(root):
    pictures = root.all("svg")
    assert len(pictures) == 3
    for picture in pictures:
        assert picture.attributes["role"] == "img"
        assert [child.tag for child in picture.children[:2]] == ["title", "desc"]
    assert pictures[0].children[0].text == "Means of Low mood by wave and arm"
    assert pictures[0].children[1].text == (
        "Usual care: 30.1 at start, 26.0 at 6 months and 25.5 at 12 months. "
        "Clinic: 29.6 at start, 22.3 at 6 months and 23.9 at 12 months."
    )
    assert pictures[1].children[1].text == (
        "6 months: −3.4 (−6.4 to −0.4). 12 months: −1.5 (−5.5 to 2.5)."
    )
    assert not root.all("img")


def test_landmarks_language_and_skip_link(root):
    assert root.all("html")[0].attributes["lang"] == "en-GB"
    for landmark in ("header", "nav", "main", "footer"):
        assert len(root.all(landmark)) == 1
    first = root.all("body")[0].children[0]
    assert (first.tag, first.attributes["href"]) == ("a", "#main")


def test_nothing_is_fetched_and_nothing_runs(evaluation):
    text = html(evaluation)
    root = Reader(text).root
    assert not root.all("script", "link", "iframe", "object", "form")
    assert "@import" not in text
    assert "url(http" not in text
    policy = root.all("meta")[1].attributes
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"].startswith("default-src 'none'")


def test_primary_outcome_is_first_in_brief(root):
    brief = next(s for s in root.all("section") if s.attributes.get("class") == "brief")
    assert [heading.text for heading in brief.all("h3")] == [
        "Low mood primary outcome", "Feeling safe"
    ]  # fmt: skip
    told = [paragraph.text for paragraph in brief.all("p")]
    assert told[0] == (
        "The mean went from 30.2 to 26.0 in the usual care arm and from 29.5 to 22.3 in the clinic "
        "arm. At 6 months, people in the clinic arm scored 3.4 points lower on low mood than "
        "people in the usual care arm (95 % interval from 0.4 to 6.4 lower); lower scores are "
        "better. The interval leaves out no difference: the data favour the clinic arm. People "
        "were randomised to the arms, so this is evidence that what the clinic arm was offered made the "
        "difference, as far as those who answered stand for all."
    )
    assert told[1] == (
        "Of 70 people at baseline, 55 to 61 (79 to 87 %) have a score at 6 months; the others may "
        "differ. The means are of those with both scores."
    )
    assert told[2] == "There is nothing to compare: the study has no follow-up of this outcome."
    assert told[3] == "Differences between arms allow for the score at baseline and age."


def test_what_was_asked(root):
    assert [p.text for p in root.all("p") if p.attributes.get("class") == "question"] == [
        "Did people feel better?", "And were they safer?"
    ]  # fmt: skip
    assert [(dt.text, dt.parent.all("dd")[0].text) for dt in root.all("dt")] == [
        (
            "Design",
            "Two arms: clinic (intervention) and usual care (comparison). People were randomised "
            "to the arms.",
        ),
        ("Waves", "Start, 6 months and 12 months. Main follow-up: 6 months."),
        (
            "Outcomes",
            "Low mood (primary): The mood scale, scores from 0 to 60, lower is better.",
        ),
        (
            "Allowed for",
            "Differences between arms allow for the score at baseline and age.",
        ),
    ]


def test_participants_and_their_flow(root):
    rows = table(root, "table-participants")
    assert rows[1:] == [
        ["Start", "usual care", "40", "100 %", "0", "0"],
        ["clinic", "30", "100 %", "0", "0"],
        ["6 months", "usual care", "33", "82 %", "7", "0"],
        ["clinic", "26 or more", "withheld", "<5", "withheld"],
        ["12 months", "usual care", "30", "75 %", "10", "0"],
        ["clinic", "25", "83 %", "5", "0"],
    ]
    flow = next(f for f in root.all("figure") if f.attributes.get("class") == "flow")
    steps = [[item.text for item in arm.all("li")] for arm in flow.all("ol")]
    assert steps[0] == [
        "Start 40 seen",
        "6 months 33 seen 82 % of baseline not seen: 7",
        "12 months 30 seen 75 % of baseline not seen: 10",
    ]
    assert steps[1][1] == (
        "6 months 26 or more seen not seen: <5fewer than 5 joined after baseline: withheld"
    )
    assert flow.all("p")[0].text == "70 people at baseline"


def test_a_withheld_count_is_spoken_in_words(root):
    spoken = [s.text for s in root.all("span") if s.attributes.get("class") == "spoken"]
    assert set(spoken) == {"fewer than 5"}
    for one in (s for s in root.all("span") if s.attributes.get("class") == "spoken"):
        shown = one.parent.children[0]
        assert (shown.text, shown.attributes["aria-hidden"]) == ("<5", "true")


def test_state_of_the_data(root):
    assert table(root, "table-problems")[1:] == [
        ["Answer outside the codes", "warning", "mood_1", "<5"],
        ["Text in a number column", "note", "Age", "8"],
        ["Answers don't vary", "note", "mood_2", "all"],
    ]
    assert table(root, "table-missing")[1:] == [
        ["Low mood", "usual care", "0", "<5", "0"],
        ["clinic", "0", "withheld", "0"],
        ["Feeling safe", "usual care", "0", "<5", "0"],
        ["clinic", "0", "withheld", "0"],
    ]


def test_baseline(root):
    assert table(root, "table-baseline") == [
        ["Characteristic", "Usual care", "Clinic", "All", "Standardised difference", "Answered"],
        ["Age, mean (SD)", "41.2 (12.3)", "39.8 (11.9)", "40.6 (12.1)", "−0.12", "70"],
        ["Housing, number (%)"],
        ["rents", "18 to 22", "15 to 19", "33 to 41", "withheld", "70"],
        ["owns", "18 (45)", "11 (37)", "29 (41)", "−0.18", ""],
        ["hostel", "0 to 4", "0 to 4", "0 to 8", "withheld", ""],
    ]


def test_tables_of_an_outcome(root):
    assert table(root, "table-means-outcome-1")[2:4] == [
        ["clinic", "30", "29.6", "10.4", "25.7 to 33.5"],
        ["6 months", "usual care", "29 to 32", "26.0", "withheld", "22.4 to 29.6"],
    ]
    assert table(root, "table-change-outcome-1")[1] == [
        "6 months", "usual care", "29 to 32", "30.2", "26.0", "−4.2", "−6.6 to −1.8",
        "−0.42 (−0.42 to −0.42)",
    ]  # fmt: skip
    assert table(root, "table-difference-outcome-1") == [
        ["Follow-up", "People, clinic", "People, usual care", "Difference", "95 % interval", "p",
         "Hedges’ g (95 % interval)"],
        ["6 months", "26 to 29", "29 to 32", "−3.4", "−6.4 to −0.4", "0.027", "−0.34 (−0.64 to −0.04)"],
        ["12 months", "26 to 29", "31 to 34", "−1.5", "−5.5 to 2.5", "0.027", "−0.15 (−0.55 to 0.25)"],
    ]  # fmt: skip


def test_reliability_methods_and_instruments(root):
    assert table(root, "table-reliability")[1] == [
        "Low mood", "Alpha", "0.88", "0.84 to 0.92", "3", "66 to 69"
    ]  # fmt: skip
    text = root.text
    for sentence in (
        "Cronbach's alpha (Feldt, Woodruff & Salih, 1987).",
        "The mood scale provisional",
        "Nobody (1999). Moods.",
        "Licence: Free to use.",
        "Not compared with the manual.",
        "Counts of 1 to 4 people are shown as <5",
        "The numbers of rows of the files are withheld with them.",
    ):
        assert sentence in text


def test_a_note_that_differs_in_the_wave_only_is_told_once(root):
    methods = next(s for s in root.all("section") if s.attributes["aria-labelledby"] == "methods")
    told = [p.text for p in methods.all("p")]
    assert told.count(
        "Change in mood from baseline to a follow-up within each arm (Cumming, 2012)."
    ) == 1  # fmt: skip


def test_a_note_on_several_scales_is_told_once(evaluation):
    found = evaluation.results["reliability"]
    one = "Cronbach's alpha of {} items among the {} rows that have them all (Feldt, 1987)."
    note = f"{one.format(14, 470)} {one.format(5, 469)} At wave = 0."
    root = tree(replace(evaluation, results={"reliability": replace(found, note=note)}))
    methods = next(s for s in root.all("section") if s.attributes["aria-labelledby"] == "methods")
    assert methods.all("p")[0].text == (
        "Cronbach's alpha of the items of each scale among the rows that have them all (Feldt, "
        "1987). At baseline."
    )


def test_warnings_name_where_they_hold(root):
    part = next(s for s in root.all("section") if s.attributes["aria-labelledby"] == "warnings")
    assert [item.text for item in part.all("li")] == [
        "In the data: answer outside the codes, mood_1. (State of the data)"
    ]
    assert table(root, "table-left-out") == [
        ["Follow-up", "Arm", "Change", "Difference between arms"],
        ["Low mood"],
        ["6 months", "usual care", "8 to 11", "8 to 11"],
        ["6 months", "clinic", "<5", "<5"],
        ["12 months", "usual care", "6 to 9", "6 to 9"],
        ["12 months", "clinic", "<5", "<5"],
    ]


def test_a_warning_on_the_main_result_stands_beside_it(evaluation):
    caution = "Scores hardly vary."
    found = evaluation.results["mood/compare"]
    warned = replace(found, warnings=(caution, "Left out: 9 of 40 people; 9 without a score."))
    root = tree(replace(evaluation, results=evaluation.results | {"mood/compare": warned}))
    told = [p.text for p in root.all("p") if p.attributes.get("class") == "caution"]
    assert told == [f"Caution: {caution}"] * 2  # in brief, and with the outcome


def test_codes_without_labels_keep_their_case(evaluation):
    results = {
        name: replace(result, table=result.table.replace({"group": {0: "usual", 1: "cp"}}))
        for name, result in evaluation.results.items()
        if name in ("participants", "mood/change")
    }
    told = ("9 of 40 people in arm 'usual' scored 0, 9 of 30 people in arm 'cp'.",)
    results["mood/change"] = replace(results["mood/change"], warnings=told)
    root = tree(replace(evaluation, results=results, value_labels={}))
    assert table(root, "table-participants")[1][:2] == ["Baseline", "usual"]
    assert [h.text for h in root.all("h3") if h.attributes.get("id", "").startswith("flow")] == [
        "usual", "cp"
    ]  # fmt: skip
    assert "9 of 40 people in the usual arm scored 0, 9 of 30 people in the cp arm." in root.text


def test_files_and_versions(root):
    assert table(root, "table-sources")[1] == ["data.csv", "withheld", "9", "ab" * 32]
    assert table(root, "table-versions")[1:] == [["python", "3.11.7"], ["cpeval", "0.1.0"]]


def test_simulated_data_are_called_so(evaluation):
    root = tree(replace(evaluation, simulated=True))
    assert root.all("title")[0].text == "Linking people to care (simulated data)"
    assert root.all("h1")[0].text == "Linking people to care (simulated data)"
    banner = root.all("aside")[0]
    assert banner.text.startswith("Simulated data. No person stands behind any number")
    assert not tree(evaluation).all("aside")


HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> $x$ \\ {{ 7*7 }} é\u4e2d\u202e&amp;"
)


def test_no_name_breaks_out_of_its_place(evaluation):
    sources = tuple(replace(s, file=HOSTILE) for s in evaluation.sources)
    hostile = replace(
        evaluation,
        title=HOSTILE,
        question=HOSTILE,
        outcomes=tuple(replace(o, label=f"{HOSTILE}{o.column}") for o in evaluation.outcomes),
        labels=dict.fromkeys(("mood", "age", "home"), HOSTILE),
        value_labels={"arm": {"0": HOSTILE, "1": f"B{HOSTILE}"}, "wave": {"0": HOSTILE}},
        sources=sources,
        versions={HOSTILE: HOSTILE},
        instruments=tuple(
            replace(i, title=HOSTILE, citation=HOSTILE, licence=HOSTILE, status_note=HOSTILE)
            for i in evaluation.instruments
        ),
    )
    text = html(hostile)
    root = Reader(text).root
    assert not root.all("script", "img")
    assert not [n for n in walk(root) if any(name.startswith("on") for name in n.attributes)]
    seen = HOSTILE.replace("\u202e", "")
    assert root.all("h1")[0].text == seen
    assert root.all("title")[0].text == seen
    picture = root.all("svg")[0]
    assert seen in " ".join(node.text for node in picture.all("text"))
    assert seen in picture.children[1].text


def test_one_arm(one_arm):
    root = tree(one_arm)
    assert "One group, without a comparison arm." in root.text
    assert "There is no comparison arm, so what would have happened anyway is not known." in (
        root.text
    )
    assert "clinic arm" not in root.text
    assert [row[1] for row in table(root, "table-participants")[1:]] == ["everyone"] * 3


def test_without_results_the_page_still_stands(evaluation):
    bare = replace(
        evaluation, results={}, sources=(), instruments=(), versions={}, covariates=(),
        study=Study(person="id"),
    )  # fmt: skip
    root = tree(bare)
    assert "The evaluation has no table of the people who took part." in root.text
    assert "The data were not checked." in root.text
    assert "The analyses gave no warnings." in root.text


def test_data_without_problems(evaluation):
    nothing = replace(evaluation.results["data"], table=pd.DataFrame(columns=["problem"]))
    root = tree(replace(evaluation, results={"data": nothing}))
    assert "The data were checked: no errors were found." in root.text


def test_a_picture_of_withheld_numbers_only_is_left_out(evaluation):
    means = evaluation.results["mood/means"]
    few = replace(means, table=means.table.assign(n=2))
    root = tree(replace(evaluation, results={"mood/means": few}))
    assert not root.all("svg")
    assert table(root, "table-means-outcome-1")[1][2:] == ["<5", *["withheld"] * 3]


def test_pictures_show_released_numbers_only(evaluation):
    means = evaluation.results["mood/means"]
    part = means.table.assign(n=[40, 30, 31, 3, 30, 25])
    part.loc[3, ["estimate", "ci_low", "ci_high"]] = [900.0, 890.0, 910.0]
    root = tree(replace(evaluation, results={"mood/means": replace(means, table=part)}))
    picture = root.all("svg")[0]
    marks = [node.text for node in picture.all("text")]
    assert marks
    assert not [text for text in marks if text.isdigit() and int(text) > 100]
    assert picture.children[1].text == (
        "Usual care: 30.1 at start, 26.0 at 6 months and 25.5 at 12 months. "
        "Clinic: 29.6 at start and 23.9 at 12 months."
    )


def test_same_evaluation_same_page(evaluation):
    assert html(evaluation) == html(evaluation)


def test_page_is_small(evaluation):
    assert len(html(evaluation).encode()) < 300_000
