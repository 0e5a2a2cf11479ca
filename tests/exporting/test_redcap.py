"""The data dictionary: REDCap's columns, names and choices; the way there and back."""

import contextlib
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

import cpeval as cp
from cpeval import exporting
from cpeval.errors import (
    CpevalWarning,
    DefinitionError,
    OptionError,
    OutputError,
    ProvisionalWarning,
)
from cpeval.exporting.asked import code_text
from cpeval.exporting.column_names import shortened

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
        labels = asked.labels
        # Of the two answers that say so, only the one between others is told from no answer.
        gone = [c for c, t in labels.items() if t == "does not know" and c == max(labels)]
        assert read.codes == {c: t for c, t in labels.items() if c not in gone}
        assert set(read.missing_codes) == {*asked.missing_codes, *gone}
        assert all(f"{c:g} 'does not know' in " in back.status_note for c in gone)
        assert read.between == asked.between


def test_there_and_back_leaves_out_an_open_range(own, tmp_path):
    done = own.to_redcap(tmp_path / "d.csv")
    assert "own_5: the range isn't checked" in done.warnings[0]
    with pytest.warns(CpevalWarning, match=r"own_5 \(text, integer\)"):
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


def calculated(files, done):
    """Field to the score's column, of the calculated fields."""
    rows = files.rows(done.path)
    return {r[NAME]: r["Field Annotation"] for r in rows if r[TYPE] == "calc"}


def test_names_of_scores_are_short_and_apart(files, one, tmp_path):
    done = one.to_redcap(tmp_path / "d.csv")
    found = calculated(files, done)
    assert all(len(field) <= 26 and field.endswith("_calc") for field in found)
    assert [c for c in one.columns if c in found.values()] == list(found.values())
    cut = {f: c for f, c in found.items() if f != f"{c}_calc"}
    said = " ".join(done.warnings)
    assert all(len(f"{column}_calc") > 26 for column in cut.values())
    assert all(f"{field} ({column})" in said for field, column in cut.items())
    assert ("were cut to" in said) == bool(cut)
    assert one.to_redcap(tmp_path / "e.csv").path.read_bytes() == done.path.read_bytes()


def test_all_instruments_of_one_project_keep_apart(files, tmp_path):
    every = [n for n in cp.instruments() if not cp.instrument(n).codings]
    every = [n for n in every if cp.instrument(n).goals is None]
    done = exporting.to_redcap(every, tmp_path / "d.csv")
    names = [row[NAME] for row in files.rows(done.path)]
    assert len(set(names)) == len(names)
    # The formulas refer to the short names.
    for row in files.rows(done.path):
        if row[TYPE] == "calc":
            assert set(re.findall(r"\[(\w+)\]", row[CHOICES])) <= set(names)


def test_short_names_that_would_be_one_get_a_number(files, own, tmp_path):
    scales = [
        {"name": f"satisfaction_with_life_{end}", "label": end, "items": ["1"]}
        for end in ("generally", "generalized", "general")
    ]
    one = cp.Instrument.from_mapping(own.model_dump(exclude_defaults=True) | {"scales": scales})
    found = calculated(files, one.to_redcap(tmp_path / "d.csv"))
    assert len(found) == 3
    assert all(len(field) <= 26 for field in found)
    assert list(found.values()) == one.columns
    assert sum(bool(re.search(r"_\d_calc$", field)) for field in found) == 2
    # The prefix tells times apart, and stays; too long a one is said.
    done = one.to_redcap(tmp_path / "d.csv", prefix="baseline_")
    assert all(field.startswith("baseline_own_") for field in calculated(files, done))
    done = one.to_redcap(tmp_path / "d.csv", prefix="at_the_second_interview_")
    assert "REDCap advises names of 26 characters" in " ".join(done.warnings)
    assert "at_the_second_interview_own_1" in " ".join(done.warnings)


@given(
    st.lists(st.text("abc1_", min_size=1, max_size=40), min_size=1, max_size=12, unique=True),
    st.integers(0, 8),
)
def test_shortened_names_are_short_and_apart(names, keep):
    taken = set(names)
    for name in names:
        short = shortened(name, most=21, keep=min(keep, len(name)), taken=taken)
        assert short == name or (len(short) <= 21 and short not in taken)
        assert len(name) > 21 or short == name
        assert short.startswith(name[:keep])
        assert short == shortened(name, most=21, keep=min(keep, len(name)), taken=taken)
        taken.add(short)


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
        "age (text, number)",
        "pay (text, integer)",
    ):
        assert left in said
        assert left in one.status_note
    assert " id (" not in said
    assert [item.code for item in one.items] == ["q1", "q2", "q3", "q4", "q5", "q6", "q7"]
    assert one.items[0].label == "First & best?"
    assert one.answers(one.item("q1")).codes == {1: "No, never", 2: "Yes"}
    assert one.answers(one.item("q1")).missing_codes == [-9]
    for text in (said, one.status_note):
        assert "Taken for no answer (missing_codes): -9 'Refused' in q1." in text
        assert "Sliders and numbers typed in, not in the sum: q5, q6." in text
        assert "The sum adds items with 4 different sets of answers." in text
    assert one.answers(one.item("q2")) is one.answers(one.item("q7"))
    assert one.answers(one.item("q3")).codes == {1: "Yes", 0: "No"}
    slider = one.answers(one.item("q5"))
    assert slider.between
    assert (slider.codes[0], slider.codes[100], slider.codes[37]) == ("bad", "good", "37")
    assert sorted(one.answers(one.item("q6")).codes) == [1, 2, 3, 4, 5, 6, 7]
    assert 'items="{code}"' in one.status_note


def test_a_definition_started_is_one_to_edit_and_score_with(tmp_path):
    with pytest.warns(CpevalWarning):
        one = cp.Instrument.from_redcap(dictionary(tmp_path, *FIELDS), name="mine")
    again = cp.Instrument.from_toml(one.to_toml(tmp_path / "mine.toml"))
    assert again == one
    assert again.status == "provisional"
    data = pd.DataFrame([{"q1": 2, "q2": 1, "q3": 0, "q4": 1, "q5": 40, "q6": 7, "q7": 1}] * 2)
    data.loc[1, "q1"] = -9
    with pytest.warns(ProvisionalWarning, match='edit title, citation.*status = "own"'):
        scored = cp.score(data, again, items="{code}")["mine"]
    # Without the slider's 40 and the 7 typed in; -9 is no answer.
    assert scored[0] == 2 + 1 + 0 + 1 + 1
    assert np.isnan(scored[1])
    text = (tmp_path / "mine.toml").read_text(encoding="utf-8")
    assert text.startswith("# A definition for cpeval. docs/definitions.md says")
    edited = tmp_path / "edited.toml"
    edited.write_text(text.replace('status = "provisional"', 'status = "own"'), encoding="utf-8")
    with warnings.catch_warnings(action="error"):
        cp.score(data, cp.Instrument.from_toml(edited), items="{code}")


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


UNUSABLE = (
    "id,f,,text,Record",
    'a,f,,radio,A,"yes | 2, no"',
    'sex,f,,radio,Sex,"m, Male | f, Female | 2, x | 2, y"',
    'c,f,,radio,C,"1, yes | 2, no"',
    'c,f,,radio,C,"1, yes | 2, no"',
    "d,f,,dropdown,D",
    'e,f,,radio,E,"1, Yes | 9, N/A"',
    'long,f,,radio,L,"1234567890123, a | 1, b"',
)
WHY = {
    ("row 3, 'a'", "a"): "no code before a comma: 'yes'",
    ("row 4, 'sex'", "sex"): "codes that are not numbers, which scoring needs: 'm', 'f'; "
    "code 2 stands twice",
    ("row 5, 'c'", "c"): "names several fields, in rows 5, 6",
    ("row 7, 'd'", "d"): "no choices",
    ("row 8, 'e'", "e"): "fewer than two choices that are answers",
    ("row 9, 'long'", "long"): "codes that are not numbers, which scoring needs: '1234567890123'",
}


@pytest.mark.parametrize("form", [None, "f"])
def test_every_reason_at_once_when_nothing_can_be_started(tmp_path, form):
    with pytest.raises(DefinitionError, match="can't start a definition") as caught:
        cp.Instrument.from_redcap(dictionary(tmp_path, *UNUSABLE), form=form)
    assert str(caught.value).splitlines()[1:] == [f"- {w}: {why}" for (w, _), why in WHY.items()]


def test_fields_that_scoring_can_t_use_are_left_out_and_named(tmp_path):
    rows = [*UNUSABLE, 'good,f,,radio,G,"0, no | 1, yes"', 'x,other,,radio,X,"m, a | f, b"']
    with pytest.warns(CpevalWarning) as caught:
        one = cp.Instrument.from_redcap(dictionary(tmp_path, *rows))
    assert [item.code for item in one.items] == ["good"]
    left = "; ".join(f"{name} ({why})" for (_, name), why in WHY.items())
    said = f"Left out, since scoring can't use them: {left}."
    assert said in str(caught[0].message)
    assert said in one.status_note


def test_a_first_field_that_is_no_record_is_named(tmp_path):
    rows = ['sex,f,,radio,Sex,"m, a | f, b"', 'good,f,,radio,G,"0, no | 1, yes"']
    with pytest.warns(CpevalWarning, match=r"sex \(codes that are not numbers"):
        cp.Instrument.from_redcap(dictionary(tmp_path, *rows))


def test_many_reasons_are_counted(tmp_path):
    with pytest.raises(DefinitionError) as caught:
        cp.Instrument.from_redcap(dictionary(tmp_path, *[f"n{n},f,,notes,N" for n in range(300)]))
    lines = str(caught.value).splitlines()
    assert len(lines) == 102
    assert lines[-1] == "- and 200 more"


def test_sliders_alone_are_a_score_each(tmp_path):
    path = dictionary(tmp_path, "f_a,f,,slider,A", "f_b,f,,text,B,,,integer,1,7")
    with pytest.warns(CpevalWarning, match="each a score by itself: f_a, f_b"):
        one = cp.Instrument.from_redcap(path)
    data = pd.DataFrame({"f_a": [30], "f_b": [7]})
    with pytest.warns(ProvisionalWarning):
        assert cp.score(data, one)[one.columns].to_numpy().tolist() == [[30, 7]]


def test_a_no_answer_between_others_is_kept_and_named(tmp_path):
    codes = "1, Yes | 2, Don't know | 3, No | 8, Refused | 9, Don\u2019t know"
    rows = [f'f_{n},f,,radio,F,"{codes}"' for n in (1, 2)]
    with pytest.warns(CpevalWarning) as caught:
        one = cp.Instrument.from_redcap(dictionary(tmp_path, *rows))
    assert one.answers(one.items[0]).codes == {1: "Yes", 2: "Don't know", 3: "No"}
    assert one.answers(one.items[0]).missing_codes == [8, 9]
    said = str(caught[0].message)
    assert "8 'Refused' in f_1, f_2; 9 'Don\u2019t know' in f_1, f_2." in said
    assert 'Kept as answers, since they stand between others: 2 "Don\'t know" in f_1, f_2.' in said


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
    with pytest.raises(DefinitionError, match=r"no field with answers[\s\S]*row 3, 'why': notes"):
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
