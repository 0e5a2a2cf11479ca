"""`cp.read_redcap`: events, arms, repeats, and columns that describe the person."""

import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import ColumnError, DataError, DuplicateError, OptionError

EXPORT = """\
record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group,sex,born,people_complete,mood_1,mood_2,help___1,help___2,mood_complete,minutes,with_whom,contacts_complete
1,baseline_arm_1,,,north,f,1990,2,3,4,0,1,2,,,
1,baseline_arm_1,contacts,1,north,,,,,,,,,20,friend,2
1,baseline_arm_1,contacts,2,north,,,,,,,,,15,,2
1,six_months_arm_1,,,north,,,,5,-9,1,0,2,,,
2,baseline_arm_1,,,south,m,1985,2,2,NI,0,0,2,,,
99,baseline_arm_1,,,south,f,,2,1,1,0,0,2,,,
99,six_months_arm_1,,,south,,,,4,4,1,1,2,,,
99,six_months_arm_1,contacts,1,south,,,,,,,,,45,family,2
"""
EVENTS = {"baseline_arm_1": "t0", "six_months_arm_1": "t1"}


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "export.csv"
    file.write_text(EXPORT)
    return file


def frame(**columns):
    return pd.DataFrame(columns)


def refused(error, *parts, data, **options):
    with pytest.raises(error) as raised:
        cp.read_redcap(data, **options)
    text = str(raised.value)
    assert all(part in text for part in parts), text


def test_rows_are_people_at_waves(path):
    data = cp.read_redcap(path, events=EVENTS, missing={"*": [-9, "NI", 99]})
    assert data.columns.tolist() == [
        "record_id", "wave", "redcap_data_access_group", "sex", "born", "people_complete",
        "mood_1", "mood_2", "help___1", "help___2", "mood_complete",
    ]  # fmt: skip
    assert data["record_id"].tolist() == [1, 1, 2, 99, 99]
    assert data["wave"].tolist() == ["t0", "t1", "t0", "t0", "t1"]
    assert data["mood_1"].tolist() == [3, 5, 2, 1, 4]
    assert data["mood_2"].isna().tolist() == [False, True, True, False, False]
    assert data["mood_2"].dtype == "float64"
    assert data.attrs["redcap"] == {
        "record": "record_id",
        "events": EVENTS,
        "left_out": {},
        "absent": [],
        "repeats": {"contacts": 3},
        "columns_left_out": ["minutes", "with_whom", "contacts_complete"],
        "person_columns": {},
        "asked_once": ["sex", "born", "people_complete"],
        "n_people": 3,
        "n_rows": 5,
    }
    assert data.attrs["read"]["missing"] == {"mood_2": {-9: 1, "NI": 1}}


def test_person_columns_are_spread_when_asked(path):
    data = cp.read_redcap(path, person_columns=["sex", "born"])
    assert data["sex"].tolist() == ["f", "f", "m", "f", "f"]
    assert data["born"].tolist()[:3] == [1990, 1990, 1985]
    assert data["born"].isna().sum() == 2
    assert data.attrs["redcap"]["person_columns"] == {"sex": 0, "born": 1}
    assert data.attrs["redcap"]["asked_once"] == ["people_complete"]


def test_person_columns_with_several_values(path):
    refused(
        DataError, "'mood_1' for record_id 1, 99", "'help___1' for record_id 1, 99",
        data=path, person_columns=["mood_1", "help___1"],
    )  # fmt: skip
    refused(ColumnError, "'sx' (did you mean 'sex'?)", data=path, person_columns=["sx"])


def test_without_events_their_names_are_the_waves(path):
    assert cp.read_redcap(path)["wave"].tolist()[:2] == ["baseline", "six_months"]


def test_events_by_short_name_and_left_out(path):
    data = cp.read_redcap(path, events={"baseline": 0, "six_months": ""}, wave="month")
    assert data["month"].tolist() == [0, 0, 0]
    assert data["month"].dtype == "int64"
    assert data.attrs["redcap"]["left_out"] == {"six_months_arm_1": 3}
    more = cp.read_redcap(path, events={**EVENTS, "year_arm_1": "t2"})
    assert more.attrs["redcap"]["absent"] == ["year_arm_1"]


def test_events_without_a_wave_are_all_listed(path):
    refused(
        OptionError,
        "'baseline_arm_1', 'six_months_arm_1' (did you mean 'six_month'?)",
        "or the wave '' to leave it out",
        data=path,
        events={"six_month_arm_1": "t1"},
    )
    refused(OptionError, "waves as text or whole numbers. Got 0.5", data=path, events={"x": 0.5})


def test_arms():
    export = frame(
        id=[1, 1, 2, 2],
        redcap_event_name=["start_arm_1", "end_arm_1", "start_arm_2", "end_arm_2"],
        x=[1, 2, 3, 4],
    )
    data = cp.read_redcap(export, events={"start": "0", "end": "6"})
    assert data["redcap_arm"].tolist() == [1, 1, 2, 2]
    assert data["wave"].tolist() == [0, 6, 0, 6]
    own = {"start_arm_1": "a", "start_arm_2": "b", "end": "c"}
    assert cp.read_redcap(export, events=own)["wave"].tolist() == ["a", "c", "b", "c"]


def test_events_that_repeat_as_a_whole():
    export = frame(
        id=[1, 1, 1],
        redcap_event_name=["start_arm_1", "visit_arm_1", "visit_arm_1"],
        redcap_repeat_instrument=[None] * 3,
        redcap_repeat_instance=[None, 1, 2],
        x=[1, 2, 3],
    )
    assert cp.read_redcap(export)["wave"].tolist() == ["start", "visit[1]", "visit[2]"]
    events = {"start": 0, "visit_arm_1[1]": 1, "visit[2]": 2}
    assert cp.read_redcap(export, events=events)["wave"].tolist() == [0, 1, 2]
    refused(
        OptionError, "'visit_arm_1[1]'", "'visit_arm_1[2]'",
        data=export, events={"start": 0, "visit": 1},
    )  # fmt: skip


def test_repeating_instruments(path):
    data = cp.read_redcap(path, events=EVENTS, repeat="contacts", person_columns=["sex"])
    assert data.columns.tolist() == [
        "record_id", "wave", "redcap_repeat_instance", "redcap_data_access_group", "minutes",
        "with_whom", "contacts_complete", "sex",
    ]  # fmt: skip
    assert data["redcap_repeat_instance"].tolist() == [1, 2, 1]
    assert data["minutes"].tolist() == [20, 15, 45]
    assert data["sex"].tolist() == ["f", "f", "f"]
    refused(
        OptionError, "no instrument 'contact' (did you mean 'contacts'?)",
        data=path, repeat="contact",
    )  # fmt: skip


def test_a_project_with_repeats_but_no_events():
    export = frame(
        id=[1, 1, 2],
        redcap_repeat_instrument=[None, "visits", "visits"],
        redcap_repeat_instance=[None, 1, 1],
        sex=["f", None, None],
        x=[None, 5, 6],
    )
    data = cp.read_redcap(export, repeat="visits", person_columns=["sex"])
    assert data.columns.tolist() == ["id", "redcap_repeat_instance", "x", "sex"]
    assert data["x"].tolist() == [5, 6]
    refused(ColumnError, "no events", "repeat='visits'", data=export)
    refused(ColumnError, "'events' are given", data=export, events={"a": 1}, repeat="visits")


def test_instruments(path):
    data = cp.read_redcap(path, instruments=["mood"], person_columns=["sex"])
    assert data.columns.tolist() == [
        "record_id", "wave", "redcap_data_access_group", "mood_1", "mood_2", "help___1",
        "help___2", "mood_complete", "sex",
    ]  # fmt: skip
    refused(
        OptionError, "no instrument 'moods' (did you mean 'mood'?)",
        "'people', 'mood', 'contacts'", data=path, instruments=["moods"],
    )  # fmt: skip


def test_two_events_at_one_wave():
    export = frame(
        id=[1, 1, 2, 2],
        redcap_event_name=["screen_arm_1", "start_arm_1"] * 2,
        x=[1, 2, 3, 4],
    )
    refused(
        DuplicateError, "id 1, 2, from events 'screen_arm_1', 'start_arm_1'",
        data=export, events={"screen": 0, "start": 0},
    )  # fmt: skip


def test_exports_of_another_kind(tmp_path):
    labels = frame(**{"Record ID": [1], "Event Name": ["Baseline"], "Repeat Instrument": [None]})
    refused(
        ColumnError, "an export of labels", "'Event Name', 'Repeat Instrument'", "raw data",
        data=labels,
    )  # fmt: skip
    refused(ColumnError, "read it with cpeval.read", data=frame(record_id=[1], x=[2]))
    export = frame(id=[1, None], redcap_event_name=["a_arm_1", "a_arm_1"], x=[1, 2])
    refused(DataError, "'id' is empty in rows 2", data=export)
    export = frame(id=[1, 2], redcap_event_name=["a_arm_1", None], x=[1, 2])
    refused(ColumnError, "'redcap_event_name' is empty in rows 2", data=export)
    refused(ColumnError, "'nr'", data=export, record="nr")


def test_names_that_are_there_already(path):
    refused(ColumnError, "a column named 'sex' already", data=path, wave="sex")


def test_the_input_is_left_alone(path):
    export = cp.read(path)
    before = export.copy()
    cp.read_redcap(export, person_columns=["sex"], missing={"*": [-9]})
    pd.testing.assert_frame_equal(export, before)
