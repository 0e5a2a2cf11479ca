"""The study file as a whole: every mistake at once, each with its key."""

from pathlib import Path

import pytest

from cpeval.errors import StudyError
from cpeval.study_file import StudyFile

RIGHT = """
title = "Ours"
[study]
person = "id"
arm = "arm"
intervention = "CP"
wave = "wave"
baseline = "t0"
follow_up = "t1"
[data]
file = "data.csv"
[instruments.swemwbs]
items = "q{n}"
[outcomes]
primary = "swemwbs_metric"
covariates = ["age"]
"""


def loaded(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    return StudyFile.from_toml(path)


def test_what_is_right_is_read(tmp_path):
    plan = loaded(tmp_path, RIGHT)
    assert plan.study.intervention == "CP"
    assert plan.folder == tmp_path
    assert plan.outcomes.columns == ["swemwbs_metric"]
    assert plan.outcomes.covariates == {"age": "auto"}
    assert plan.instrument("swemwbs").title.startswith("Short Warwick")


def test_the_example_is_right():
    plan = StudyFile.from_toml(Path(__file__).parents[1] / "examples" / "help" / "study.toml")
    assert plan.study.follow_ups == (6, 12, 18, 24)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "Ours"', 'titel = "Ours"', "titel: there is no such key (did you mean 'title'?)"),
        ('title = "Ours"', 'folder = "x"', "folder: there is no such key"),
        ('person = "id"', 'persn = "id"', "there is no key 'persn' (did you mean 'person'?)"),
        ('file = "data.csv"', "", 'give file = "…", or files ='),
        ('file = "data.csv"', 'file = "a.csv"\nfiles = { t0 = "b.csv" }', 'give file = "…", or files ='),
        ('file = "data.csv"', 'file = "a.csv"\nformat = "tall"', "data.format: should be 'long', 'wide' or 'redcap'"),
        ('file = "data.csv"', 'file = "a.csv"\nformat = "wide"', "say how columns are named in [data.wide]"),
        ('file = "data.csv"', 'file = "a.csv"\n[data.wide]\nwaves = ["t0"]', 'data.wide: give pattern = "{item}_{wave}"'),
        ('file = "data.csv"', 'file = "a.csv"\nmissing = { "*" = -9 }', "data.missing.*: should be a list"),
        ('file = "data.csv"', 'file = "a.csv"\n[[data.join]]\nfile = "b.csv"', "data.join.1.on: is needed and absent"),
        ("[instruments.swemwbs]", "[instruments.swemwb]", "instruments.swemwb: There is no instrument 'swemwb' (did you mean 'swemwbs'?)"),
        ('items = "q{n}"', 'itms = "q{n}"', "instruments.swemwbs.itms: there is no such key (did you mean 'items'?)"),
        ('items = "q{n}"', 'definition = "mine.toml"', "instruments.swemwbs: There is no file"),
        ('items = "q{n}"', 'on_invalid = "ignore"', "instruments.swemwbs.on_invalid: should be 'raise' or 'missing'"),
        ('primary = "swemwbs_metric"', "", "outcomes.primary: is needed and absent"),
        ('primary = "swemwbs_metric"', 'primary = "a"\nsecondary = ["a"]', "outcomes: 'a' is named twice"),
        ('covariates = ["age"]', 'covariates = { age = "cat" }', "outcomes.covariates.age: should be 'auto', 'number' or 'category'"),
        ('covariates = ["age"]', "[report]\nsmall_count = 2", "report.small_count: 2 hides nothing"),
        ('covariates = ["age"]', "[report]\nsmall_count = 0", "report.small_count: should be greater than or equal to 1"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_their_key(tmp_path, old, new, said):
    assert old in RIGHT
    with pytest.raises(StudyError) as caught:
        loaded(tmp_path, RIGHT.replace(old, new, 1))
    assert said in str(caught.value)


def test_every_mistake_at_once(tmp_path):
    text = RIGHT.replace("title", "titel").replace("file =", "fil =").replace('arm = "arm"\n', "")
    text = text.replace("[instruments.swemwbs]", "[instruments.swemwb]")
    with pytest.raises(StudyError) as caught:
        loaded(tmp_path, text)
    for said in (
        "titel: there is no such key",
        "data.fil: there is no such key",
        "intervention: needs arm",
    ):
        assert said in str(caught.value)


def test_a_wide_or_redcap_table_says_the_format(tmp_path):
    wide = loaded(
        tmp_path,
        RIGHT.replace(
            'file = "data.csv"',
            'file = "a.csv"\n[data.wide]\nwaves = { t0 = "_pre", t1 = "_post" }',
        ),
    )
    assert wide.data.format == "wide"
    redcap = loaded(
        tmp_path,
        RIGHT.replace(
            'file = "data.csv"', 'file = "a.csv"\n[data.redcap]\nevents = { base_arm_1 = "t0" }'
        ),
    )
    assert redcap.data.format == "redcap"
    with pytest.raises(StudyError, match="is there, but format is 'long'"):
        loaded(
            tmp_path,
            RIGHT.replace('file = "data.csv"', 'file = "a.csv"\nformat = "long"\n[data.redcap]\n'),
        )


def test_an_instrument_of_ones_own_must_bear_the_name_it_is_used_by(tmp_path):
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\ntitle = "M"\ncitation = "C"\nlicence = { terms = "free" }\n'
        'items = [{ code = "1", label = "x", responses = "r" }]\nresponses.r.codes = { 0 = "a", 1 = "b" }\n'
        '[[scales]]\nlabel = "S"\nitems = "all"\n'
    )
    mine = RIGHT.replace(
        "[instruments.swemwbs]\nitems", '[instruments.mine]\ndefinition = "mine.toml"\nitems'
    )
    assert loaded(tmp_path, mine).instrument("mine").title == "M"
    with pytest.raises(
        StudyError, match=r"instruments.ours: its definition is named 'mine'; use that name"
    ):
        loaded(tmp_path, mine.replace("instruments.mine", "instruments.ours"))
