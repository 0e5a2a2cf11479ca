"""The data dictionary: REDCap's columns, names and choices; the way there and back."""

import contextlib
import re
import warnings

import pytest
from hypothesis import given, strategies as st

import cpeval as cp
from cpeval import exporting
from cpeval.errors import CpevalWarning, DefinitionError, OptionError, OutputError
from cpeval.exporting.asked import code_text

#: As REDCap names and orders them.
HEAD = """Variable / Field Name,Form Name,Section Header,Field Type,Field Label,"Choices, Calculations, OR Slider Labels",Field Note,Text Validation Type OR Show Slider Number,Text Validation Min,Text Validation Max,Identifier?,Branching Logic (Show field only if...),Required Field?,Custom Alignment,Question Number (surveys only),Matrix Group Name,Matrix Ranking?,Field Annotation"""
NAME, FORM, TYPE = "Variable / Field Name", "Form Name", "Field Type"
CHOICES = "Choices, Calculations, OR Slider Labels"


def choices(text):
    pairs = (part.strip().split(", ", 1) for part in text.split(" | "))
    return {float(code): label for code, label in pairs}


def test_each_instrument_is_a_dictionary_that_redcap_takes(files, one, tmp_path):
    done = one.to_redcap(tmp_path / "d.csv")
    assert done.path.read_text(encoding="utf-8").splitlines()[0] == HEAD
    rows = files.rows(done.path)
    names = [row[NAME] for row in rows]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z][a-z0-9_]{0,99}", name) for name in names)
    assert not [name for name in names if "__" in name or name.endswith("_")]
    assert names[0] == "record_id"
    assert rows[1][TYPE] == "descriptive"
    assert one.citation.split(".")[0][:20] in rows[1]["Field Label"]
    assert {row[FORM] for row in rows} == {one.name}
    asked = [row for row in rows if row[TYPE] in ("radio", "text")][1:]
    assert [row[NAME] for row in asked] == list(done.items().values())
    for row, item in zip(asked, one.items, strict=True):
        answers = one.answers(item)
        if row[TYPE] == "radio":
            assert set(choices(row[CHOICES])) == {*answers.labels, *answers.missing_codes}
        else:
            assert row["Text Validation Type OR Show Slider Number"] == "integer"


def test_there_and_back(one, tmp_path):
    done = one.to_redcap(tmp_path / "d.csv")
    with pytest.warns(CpevalWarning, match="_about"):
        back = cp.Instrument.from_redcap(done.path)
    assert back.name == one.name
    # With codes beyond a range, it is left open: nobody can read it from the dictionary.
    kept = [i for i in one.items if not (one.answers(i).between and one.answers(i).missing_codes)]
    assert [(i.code, i.label) for i in back.items] == [(i.code, i.label) for i in kept]
    for item in kept:
        asked, read = one.answers(item), back.answers(back.item(item.code))
        assert read.codes == asked.labels
        assert read.missing_codes == asked.missing_codes
        assert read.between == asked.between


def test_there_and_back_leaves_out_an_open_range(own, tmp_path):
    done = own.to_redcap(tmp_path / "d.csv")
    assert "own_5: the range isn't checked" in done.warnings[0]
    with pytest.warns(CpevalWarning, match=r"own_5 \(text\)"):
        back = cp.Instrument.from_redcap(done.path)
    assert [item.code for item in back.items] == ["1", "2", "3", "4", "6", "7"]


def test_a_chosen_coding_is_the_form_s(files, clash, tmp_path):
    with pytest.raises(OptionError, match=r"codings that clash \('1-3', '0-2'\)"):
        clash.to_redcap(tmp_path / "d.csv")
    done = clash.with_coding("0-2").to_redcap(tmp_path / "d.csv")
    assert files.rows(done.path)[2][CHOICES] == "0, none | 1, some | 2, all"


def test_goals_need_a_number(files, goals, tmp_path):
    with pytest.raises(OptionError, match="with_goals"):
        goals.to_redcap(tmp_path / "d.csv")
    rows = files.rows(goals.with_goals(2).to_redcap(tmp_path / "d.csv").path)
    assert [row[NAME] for row in rows] == ["record_id", "goal_about", "goal_1", "goal_2"]
    # From the highest down: a cell that begins with -2 begins like a formula.
    assert rows[2][CHOICES].startswith("2, much more | 1, more | 0,")


def test_whole_numbers_have_a_range(files, own, tmp_path):
    rows = {row[NAME]: row for row in files.rows(own.to_redcap(tmp_path / "d.csv").path)}
    row = rows["own_4"]
    assert (row["Text Validation Min"], row["Text Validation Max"]) == ("0", "100")
    assert row["Field Note"] == "0 = worst, 100 = best"
    assert rows["own_5"]["Text Validation Max"] == ""


def test_several_instruments(files, tmp_path):
    done = exporting.to_redcap(["swemwbs", "ces_d"], tmp_path / "d.csv", record=None)
    rows = files.rows(done.path)
    assert list(dict.fromkeys(row[FORM] for row in rows)) == ["swemwbs", "ces_d"]
    assert rows[0][NAME] == "swemwbs_about"
    assert len(done.items("ces_d")) == 20
    one_form = exporting.to_redcap(["swemwbs", "ces_d"], tmp_path / "d.csv", form="Baseline pack")
    assert {row[FORM] for row in files.rows(one_form.path)} == {"baseline_pack"}
    with pytest.raises(OptionError, match="named twice: 'ces_d'"):
        exporting.to_redcap(["ces_d", "ces_d"], tmp_path / "d.csv")
    with pytest.raises(DefinitionError, match=r"several forms with items.*'swemwbs' \(7 items\)"):
        cp.Instrument.from_redcap(
            exporting.to_redcap(["swemwbs", "ces_d"], tmp_path / "d.csv").path
        )
    with pytest.warns(CpevalWarning):
        assert len(cp.Instrument.from_redcap(done.path, form="swemwbs").items) == 7


def test_prefix(files, tmp_path):
    done = cp.instrument("swemwbs").to_redcap(tmp_path / "d.csv", prefix="t0_")
    names = [row[NAME] for row in files.rows(done.path)]
    assert names[1:3] == ["t0_swemwbs_about", "t0_swemwbs_1"]
    assert "t0_swemwbs_metric_calc" in names
    assert done.warnings == ()


def renamed(own, *codes):
    base = own.model_dump(exclude_defaults=True)
    items = [{"code": c, "label": "x", "responses": "five"} for c in codes]
    responses = {"five": base["responses"]["five"]}
    scales = [{"label": "s", "items": "all"}]
    return cp.Instrument.from_mapping(
        base | {"items": items, "scales": scales, "responses": responses}
    )


def test_names_that_redcap_can_t_take(own, tmp_path):
    done = renamed(own, "A.1", "B 2").to_redcap(tmp_path / "d.csv")
    assert done.items() == {"A.1": "own_a_1", "B 2": "own_b_2"}
    assert "2 columns have other names" in done.warnings[0]
    with pytest.raises(OptionError, match="'own_a', 'own_A' would all be 'own_a'"):
        renamed(own, "a", "A").to_redcap(tmp_path / "d.csv")
    with pytest.raises(OptionError, match="longer than 100"):
        renamed(own, "a", "b" * 100).to_redcap(tmp_path / "d.csv")
    assert "26 characters" in renamed(own, "a", "b" * 40).to_redcap(tmp_path / "d.csv").warnings[0]
    assert (tmp_path / "d.csv").exists()


def test_what_can_t_be_written(tmp_path):
    one = cp.instrument("swemwbs")
    with pytest.raises(OptionError, match=r"should end in \.csv"):
        one.to_redcap(tmp_path / "d.xlsx")
    with pytest.raises(OutputError, match="There is no folder"):
        one.to_redcap(tmp_path / "no" / "d.csv")
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        one.to_redcap(tmp_path / "d.csv")
    with pytest.raises(OptionError, match="There is no instrument to export"):
        exporting.to_redcap([], tmp_path / "x.csv")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d.csv"]


# ---- in


def dictionary(tmp_path, *rows, head=HEAD, encoding="utf-8"):
    path = tmp_path / "in.csv"
    path.write_text("\n".join([head, *rows]), encoding=encoding)
    return path


FIELDS = (
    "id,start,,text,Record",
    "q1,start,,radio,<b>First</b> &amp; best?,\"1, No, never | 2, <i>Yes</i> | -9, Refused\"",
    "q2,start,,dropdown,Second,\"0, a|1,b\"",
    "q3,start,,yesno,Third",
    "q4,start,,truefalse,Fourth",
    "q5,start,,slider,Fifth,bad | | good",
    "q6,start,,text,Sixth,,,integer,1,7",
    "q7,start,,radio,Seventh,\"0, a | 1, b\",,,,,,,,,,grid",
    "why,start,,notes,Why?",
    "box,start,,checkbox,Which?,\"1, a | 2, b\"",
    "sum,start,,calc,Sum,[q1]+[q2]",
    "said,start,,descriptive,Read this",
    "age,start,,text,Age,,,number",
    "pay,start,,text,Pay,,,integer,0,5000",
)  # fmt: skip


def test_fields_become_items(tmp_path):
    with pytest.warns(CpevalWarning) as caught:
        one = cp.Instrument.from_redcap(dictionary(tmp_path, *FIELDS))
    said = str(caught[0].message)
    for left in (
        "why (notes)",
        "box (checkbox)",
        "sum (calc)",
        "said (descriptive)",
        "age (text)",
        "pay (text)",
    ):
        assert left in said
        assert left in one.status_note
    assert " id (" not in said
    assert [item.code for item in one.items] == ["q1", "q2", "q3", "q4", "q5", "q6", "q7"]
    assert one.items[0].label == "First & best?"
    assert one.answers(one.item("q1")).codes == {1: "No, never", 2: "Yes", -9: "Refused"}
    assert one.answers(one.item("q2")) is one.answers(one.item("q7"))
    assert one.answers(one.item("q3")).codes == {1: "Yes", 0: "No"}
    slider = one.answers(one.item("q5"))
    assert slider.between
    assert (slider.codes[0], slider.codes[100], slider.codes[37]) == ("bad", "good", "37")
    assert sorted(one.answers(one.item("q6")).codes) == [1, 2, 3, 4, 5, 6, 7]
    assert 'items="{code}"' in one.status_note


def test_a_definition_started_is_one_to_edit_and_score_with(tmp_path):
    import pandas as pd

    with pytest.warns(CpevalWarning):
        one = cp.Instrument.from_redcap(dictionary(tmp_path, *FIELDS), name="mine")
    again = cp.Instrument.from_toml(one.to_toml(tmp_path / "mine.toml"))
    assert again == one
    data = pd.DataFrame([{"q1": 2, "q2": 1, "q3": 0, "q4": 1, "q5": 40, "q6": 7, "q7": 1}])
    assert cp.score(data, again, items="{code}")["mine"].tolist() == [52]


def test_names_of_the_api_and_what_excel_saves(tmp_path):
    head = (
        "field_name,form_name,section_header,field_type,field_label,select_choices_or_calculations"
    )
    path = dictionary(
        tmp_path, 'g_1,g,,radio,Zufrieden für heute,"1, Ja | 2, Nein"', head=head, encoding="cp1252"
    )
    one = cp.Instrument.from_redcap(path)
    assert one.items[0].label == "Zufrieden für heute"
    assert one.items[0].code == "1"


def test_every_mistake_at_once(tmp_path):
    path = dictionary(
        tmp_path,
        "id,f,,text,Record",
        'a,f,,radio,A,"yes | 2, no"',
        'b,f,,radio,B,"x, yes | 2, no | 2, never"',
        'c,f,,radio,C,"1, yes | 2, no"',
        'c,f,,radio,C,"1, yes | 2, no"',
        "d,f,,dropdown,D",
    )
    with pytest.raises(DefinitionError) as caught:
        cp.Instrument.from_redcap(path)
    for said in (
        "row 3, 'a': 'yes' has no code before a comma",
        "row 4, 'b': 'x' is not a number",
        "code 2 stands twice",
        "'c' names several fields, in rows 5, 6",
        "row 7, 'd': it has no choices",
    ):
        assert said in str(caught.value)


def test_what_is_no_dictionary(tmp_path):
    read = cp.Instrument.from_redcap
    with pytest.raises(DefinitionError, match="no file"):
        read(tmp_path / "no.csv")
    with pytest.raises(DefinitionError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(DefinitionError, match=r"not a REDCap data dictionary.*'Field Type'"):
        read(dictionary(tmp_path, "1,2", head="person,swemwbs_1"))
    with pytest.raises(DefinitionError, match="a header and no fields"):
        read(dictionary(tmp_path))
    with pytest.raises(DefinitionError, match="not a REDCap data dictionary"):
        read(dictionary(tmp_path, head=""))
    with pytest.raises(DefinitionError, match=r"no field with answers.*why \(notes\)"):
        read(dictionary(tmp_path, "id,f,,text,Record", "why,f,,notes,Why"))
    with pytest.raises(DefinitionError, match=r"no form 'strat' \(did you mean 'start'\?\)"):
        read(dictionary(tmp_path, *FIELDS), form="strat")
    (tmp_path / "in.csv").write_bytes(b"\x00\xff\xfe" * 50)
    with pytest.raises(DefinitionError):
        read(tmp_path / "in.csv")


def test_a_name_that_would_not_do(tmp_path):
    with pytest.raises(DefinitionError, match="name: should be lower-case"):
        cp.Instrument.from_redcap(dictionary(tmp_path, *FIELDS), name="My Scale")


@pytest.mark.parametrize("label", ["=1+1", "-2 or less", "a < b & c > d", "&amp;", "'quoted'"])
def test_labels_come_back(own, tmp_path, label):
    base = own.model_dump(exclude_defaults=True)
    base["items"][0]["label"] = label
    base["responses"]["five"]["codes"] |= {1.0: label}
    done = cp.Instrument.from_mapping(base).to_redcap(tmp_path / "d.csv")
    with pytest.warns(CpevalWarning):
        back = cp.Instrument.from_redcap(done.path)
    assert back.items[0].label == label
    assert back.answers(back.items[0]).codes[1] == label


def test_codes_are_written_plainly():
    assert [code_text(c) for c in (1.0, -2.0, 0.5, 1234567.0)] == ["1", "-2", "0.5", "1234567"]


@given(st.binary(max_size=300), st.lists(st.lists(st.text(max_size=12), max_size=8), max_size=5))
def test_any_bytes_are_refused_in_a_sentence_or_read(tmp_path_factory, raw, cells):
    path = tmp_path_factory.mktemp("in") / "in.csv"
    rows = "\n".join(",".join(row) for row in cells).encode("utf-8", "ignore")
    for text in (raw, HEAD.encode() + b"\n" + raw, HEAD.encode() + b"\n" + rows):
        path.write_bytes(text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CpevalWarning)
            with contextlib.suppress(DefinitionError):
                assert cp.Instrument.from_redcap(path).items
