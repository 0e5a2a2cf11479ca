"""Exports of EgoWeb 2.0, written here as its source writes them."""

import pytest

import cpeval as cp
from cpeval.errors import ColumnError, NetworkError, OptionError, ReadError

ALTERS = (
    "Interview ID,EgoID,Start Time,End Time,wave,Alter Number,Alter Name,close\n"
    "11,P1,x,y,0,1,Ann,3\n11,P1,x,y,0,2,Ben,\n11,P1,x,y,0,3,Cy,2\n12,P2,x,y,0,1,Ann,1\n"
)
PAIRS = (
    "Interview ID,EgoID,Alter 1 Number,Alter 1 Name,Alter 2 Number,Alter 2 Name,know,Alter 1 ID,"
    "Alter 2 ID\n11,P1,1,Ann,2,Ben,1,91,92\n11,P1,1,Ann,3,Cy,0,91,93\n11,P1,2,Ben,3,Cy,,92,93\n"
)
EGOS = "EgoID,Interview ID,wave,age\nP1,11,0,30\nP2,12,0,40\nP3,13,0,50\n"


@pytest.fixture
def files(tmp_path):
    made = {}
    for name, text in (("alters", ALTERS), ("pairs", PAIRS), ("egos", EGOS)):
        made[name] = tmp_path / f"study-{name}.csv"
        made[name].write_text(text)
    return made


def test_reads_all_three(files):
    made = cp.social_capital.read_egoweb(
        files["alters"], files["pairs"], tie="know", tied=[1], egos=files["egos"]
    )
    table = made.metrics().table
    assert table["ego"].tolist() == [11, 12, 13]
    assert table["size"].tolist() == [3, 1, 0]
    assert table["ties"].tolist() == [1, 0, 0]
    assert made.columns.name == "Alter Name"
    assert "1 of 3 pairs have no answer to 'know'" in made.warnings[-1]


def test_people_and_waves(files):
    made = cp.social_capital.read_egoweb(
        files["alters"], files["pairs"], tie="know", tied=[0, 1], ego="EgoID", wave="wave"
    )
    assert made.labels().to_dict("list") == {"ego": ["P1", "P2"], "wave": [0, 0]}
    assert list(made.to_tables().egos) == [
        "Interview ID",
        "EgoID",
        "Start Time",
        "End Time",
        "wave",
    ]
    assert made.metrics().table["ties"].tolist() == [2, 0]
    assert "Egos who named nobody are not in the file" in made.warnings[-1]


def test_alters_alone(files):
    assert not cp.social_capital.read_egoweb(files["alters"]).has_ties


def test_what_is_wrong(files, tmp_path):
    read = cp.social_capital.read_egoweb
    with pytest.raises(OptionError, match="go together"):
        read(files["alters"], files["pairs"])
    with pytest.raises(OptionError, match="list of answers"):
        read(files["alters"], files["pairs"], tie="know", tied="1")
    with pytest.raises(
        OptionError, match=r"No pair has an answer 7 to 'know'. Answers there: 1, 0"
    ):
        read(files["alters"], files["pairs"], tie="know", tied=[7])
    with pytest.raises(ColumnError, match="did you mean 'know'"):
        read(files["alters"], files["pairs"], tie="knows", tied=[1])
    several = tmp_path / "several.csv"
    several.write_text("Link ID,Interview ID_1,EgoID_1,Alter Number\n1,2,3,4\n")
    with pytest.raises(ReadError) as caught:
        read(several, files["egos"], tie="know", tied=[1], egos=tmp_path / "none.csv")
    for said in (
        "Columns there: 'Link ID', 'Interview ID_1'",
        "no column 'Alter 1 Number'",
        "none.csv",
    ):
        assert said in str(caught.value)
    files["egos"].write_text(EGOS.replace("P2,12", "P2,11"))
    with pytest.raises(NetworkError, match="stand twice"):
        read(files["alters"], egos=files["egos"])
    files["egos"].write_text(EGOS.replace("P2,12", "P2,14"))
    with pytest.raises(NetworkError, match=r"interviews that the egos lack: 12 \(in row 4\)"):
        read(files["alters"], egos=files["egos"])
