"""NoMAD, AIM, IAM, FIM and the fidelity scales: structure, reversal, bands, what is left open."""

import re

import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import DefinitionError, OptionError, ProvisionalWarning


def scored(definition, rows, **options):
    one = cp.instrument(definition) if isinstance(definition, str) else definition
    columns = [f"{one.name}_{item.code}" for item in one.items]
    width = len(rows[0])
    sheets = pd.DataFrame(rows, columns=columns[:width], dtype=float)
    return cp.score(sheets, one, items=columns[:width], **options)


def values(frame, column):
    return [None if pd.isna(v) else v for v in frame[column]]


def bands_at(name, *scores):
    (one,) = cp.instrument(name).scale(name).bands
    return [[b.label for b in one.bands if b.low <= score][-1] for score in scores]


# ---- NoMAD


@pytest.mark.filterwarnings("ignore::cpeval.errors.ProvisionalWarning")
def test_nomad_constructs_and_its_reversed_item():
    rows = [[1] * 20, [5] * 20, [1, 2, 3, 4, 5, 5, 4, 4, 3, 1, 3, 3, 3, 3, 3, 2, 2, 2, 2, 4]]
    made = scored("nomad", rows)
    assert values(made, "nomad_coherence") == [1, 5, 2.5]
    assert values(made, "nomad_participation") == [1, 5, 4.5]
    # Collective action is items 9-15; item 10 counts 6 minus the answer.
    assert values(made, "nomad_action") == pytest.approx([(6 + 5) / 7, (30 + 1) / 7, (18 + 5) / 7])
    assert values(made, "nomad_monitoring") == pytest.approx([1, 5, 2.4])
    assert "nomad" not in made
    assert not any(column.startswith("nomad_normal") for column in made)


@pytest.mark.filterwarnings("ignore::cpeval.errors.ProvisionalWarning")
def test_nomad_not_relevant_is_missing_and_general_items_are_apart():
    row = [7, 4, 8, 2, *[9] * 4, *[3] * 12, 0, 10, 7]
    made = scored("nomad", [row], answered=True)
    assert values(made, "nomad_coherence") == [3]
    assert values(made, "nomad_coherence_answered") == [2]
    assert values(made, "nomad_participation") == [None]
    general = ["nomad_familiar", "nomad_normal", "nomad_will_be_normal"]
    assert made[general].iloc[0].tolist() == [0, 10, 7]


# ---- AIM, IAM, FIM


@pytest.mark.parametrize("name", ["aim", "iam", "fim"])
def test_means_of_four_items(name):
    made = scored(name, [[1] * 4, [5] * 4, [2, 3, 4, 5], [5, 5, 5, None]])
    assert values(made, name) == [1, 5, 3.5, None]


# ---- fidelity scales


def test_ips_25_sum_and_bands():
    one = cp.instrument("ips_25")
    with pytest.warns(ProvisionalWarning, match="left out until you say which items"):
        made = scored(one, [[1] * 25, [5] * 25, [4] * 25, [5] * 24 + [None]])
    assert values(made, "ips_25") == [25, 125, 100, None]
    edges = ["not IPS", "fair", "fair", "good", "good", "exemplary", "exemplary"]
    assert bands_at("ips_25", 73, 74, 99, 100, 114, 115, 125) == edges
    (bands,) = one.scale("ips_25").bands
    assert [(b.low, b.high) for b in bands.bands] == [(25, 73), (74, 99), (100, 114), (115, 125)]
    assert not bands.verified


def test_ips_25_sections_are_the_users_to_say():
    one = cp.instrument("ips_25")
    with pytest.raises(DefinitionError, match="which items belong to 'ips_25_staffing' is not"):
        one.scale("ips_25_staffing")
    with pytest.raises(DefinitionError, match="key_items says 3 items; here are 4"):
        one.with_keys({"staffing": ["1-4"]})
    own = one.with_keys({"staffing": ["1-3"], "organisation": ["4-11"], "services": ["12-25"]})
    row = [5, 4, 3, *[2] * 8, *[1] * 14]
    made = scored(own, [row])
    sections = ["ips_25", "ips_25_staffing", "ips_25_organisation", "ips_25_services"]
    assert made[sections].iloc[0].tolist() == [42, 4, 2, 1]


@pytest.mark.filterwarnings("ignore::cpeval.errors.ProvisionalWarning")
def test_dacts_equals_a_published_review():
    """Georgia, Region 4, 2013: total 117 over 28 items is 4.18; human resources 4.45.

    The report's total and mean, and the mean of its first section; ratings that give these.
    """
    row = [5, 5, 5, 4, 5, 5, 4, 4, 4, 4, 4, *[4] * 17]
    assert sum(row[:11]) == 49
    assert sum(row) == 117
    made = scored("dacts", [row, [1] * 28, [5] * 28, [5] * 27 + [None]])
    assert round(made.dacts[0], 2) == 4.18
    assert round(made.dacts_human_resources[0], 2) == 4.45
    assert values(made, "dacts")[1:] == [1, 5, None]
    assert values(made, "dacts_services")[1:] == [1, 5, None]
    assert values(made, "dacts_boundaries")[1:] == [1, 5, 5]


@pytest.mark.filterwarnings("ignore::cpeval.errors.ProvisionalWarning")
def test_dacts_sections_are_11_7_and_10_items():
    made = scored("dacts", [[2] * 11 + [3] * 7 + [5] * 10])
    sections = ["dacts_human_resources", "dacts_boundaries", "dacts_services"]
    assert made[sections].iloc[0].tolist() == [2, 3, 5]


def test_dacts_bands_are_from_memory_and_say_so():
    assert bands_at("dacts", 2.9, 2.99, 3, 4.1, 4.19, 4.2) == [
        *["not ACT"] * 2,
        *["moderate"] * 3,
        "full",
    ]
    assert "(from memory)" in cp.instrument("dacts").describe().table.bands[0]


@pytest.mark.filterwarnings("ignore::cpeval.errors.ProvisionalWarning")
def test_tmact_means_of_what_could_be_rated():
    lengths = {
        "operations": 12,
        "core_team": 7,
        "specialists": 8,
        "practices": 8,
        "evidence_based": 8,
        "planning": 4,
    }
    one = cp.instrument("tmact")
    assert sum(lengths.values()) == len(one.items) == 47
    row = [k for k, n in enumerate(lengths.values()) for _ in range(n)]
    rows = [[min(5, k + 1) for k in row], [4] * 27 + [None] * 20]
    made = scored(one, rows)
    for place, name in enumerate(lengths):
        assert made[f"tmact_{name}"][0] == min(5, place + 1)
    expected = (1 * 12 + 2 * 7 + 3 * 8 + 4 * 8 + 5 * 8 + 5 * 4) / 47
    assert values(made, "tmact") == pytest.approx([expected, 4])
    assert values(made, "tmact_planning") == [5, None]


@pytest.mark.filterwarnings("ignore::cpeval.errors.ProvisionalWarning")
@pytest.mark.parametrize(
    ("column", "first", "item_means", "published"),
    [
        ("operations", 1, [5.0, 3.3, 3.8, 4.1, 2.7, 4.3, 2.7, 4.7, 3.1, 4.6, 4.7, 3.4], 3.9),
        ("operations", 1, [4.9, 3.2, 4.2, 4.7, 3.3, 4.7, 2.8, 4.8, 4.1, 4.8, 4.8, 3.4], 4.1),
        ("core_team", 13, [2.5, 3.3, 4.3, 2.6, 3.3, 5.0, 4.3], 3.6),
        ("core_team", 13, [3.0, 3.3, 4.5, 3.3, 3.7, 5.0, 4.5], 3.9),
    ],
)
def test_tmact_subscales_equal_a_published_table(column, first, item_means, published):
    """Table 1 of the study of Norway's teams: means of items, and of two subscales, twice.

    Ten made-up teams have just these means of items; a mean of means is the subscale's.
    """
    teams = pd.DataFrame(3.0, index=range(10), columns=range(1, 48))
    for item, mean in enumerate(item_means, start=first):
        whole, tenths = divmod(round(mean * 10), 10)
        teams[item] = [whole + 1] * tenths + [whole] * (10 - tenths)
    made = cp.score(teams.add_prefix("tmact_"), "tmact")[f"tmact_{column}"].mean()
    assert made == pytest.approx(sum(item_means) / len(item_means))
    assert round(made, 1) == published


def test_core_crisis_is_structure_with_a_total():
    with pytest.warns(ProvisionalWarning, match="core_crisis is provisional. Structure only"):
        made = scored("core_crisis", [[1] * 39, [5] * 39, [3] * 38 + [None]])
    assert values(made, "core_crisis") == [39, 195, None]
    one = cp.instrument("core_crisis")
    assert len(one.unkeyed) == 4
    assert not one.scale("core_crisis").bands


@pytest.mark.parametrize("name", ["tmact", "core_crisis"])
def test_restricted_scales_hold_no_wording(name):
    one = cp.instrument(name)
    assert "Restricted" in one.licence.terms
    assert all(re.fullmatch(r"[a-z -]+ \d+", item.label) for item in one.items)


@pytest.mark.filterwarnings("ignore::cpeval.errors.ProvisionalWarning")
@pytest.mark.parametrize("name", ["nomad", "dacts", "tmact", "core_crisis"])
def test_provisional_ones_say_what_is_not_certain(name):
    one = cp.instrument(name)
    assert one.status == "provisional"
    assert re.search(r"memory|[Rr]ecalled|not found", one.status_note)


# ---- the illustrative scale


def test_connecting_people_has_the_parts_of_the_model():
    one = cp.instrument("connecting_people")
    assert one.status == "illustrative"
    parts = {s.name: one.items_of(s) for s in one.scales if s.name}
    assert list(parts) == ["partnership", "goals", "discovery", "agency"]
    assert [code for codes in parts.values() for code in codes] == [i.code for i in one.items]
    words = {i.code: i.label for i in one.items}
    for part, topics in {
        "discovery": ("ideas", "people", "places", "activities"),
        "agency": ("skills", "attitude", "local knowledge", "supervision"),
    }.items():
        for topic in topics:
            assert any(topic in words[code] for code in parts[part]), topic


def test_connecting_people_by_hand():
    rows = [[1] * 18, [5] * 18, [1, 2, 3, 4, *[5] * 4, *[2] * 5, *[4] * 5], [None, *[4] * 17]]
    made = scored("connecting_people", rows)
    assert values(made, "connecting_people") == pytest.approx([1, 5, 60 / 18, 4])
    assert values(made, "connecting_people_partnership") == [1, 5, 2.5, 4]
    assert values(made, "connecting_people_agency") == [1, 5, 4, 4]


def test_instruments_of_questions_take_neither_weights_nor_value_sets():
    sheet = pd.DataFrame([[3] * 4], columns=[f"aim_{n}" for n in range(1, 5)])
    with pytest.raises(OptionError, match="takes no value set"):
        cp.score(sheet, "aim", value_set="uk_tto")
    with pytest.raises(OptionError, match="takes no weights"):
        cp.score(sheet, "aim", weights="w{n}")
