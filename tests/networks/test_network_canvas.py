"""Exports of Network Canvas, written here as its exporter writes them."""

import zipfile

import pytest

import cpeval as cp
from cpeval.errors import ColumnError, NetworkError, OptionError, ReadError

EGO = "networkCanvasEgoUUID,networkCanvasCaseID,networkCanvasSessionID,networkCanvasProtocolName,sessionStart,age\r\n"
NODES = "nodeID,networkCanvasEgoUUID,networkCanvasUUID,name,close,help_talk,help_lend\r\n"
EDGES = (
    "edgeID,from,to,networkCanvasEgoUUID,networkCanvasUUID,networkCanvasSourceUUID,"
    "networkCanvasTargetUUID,strength\r\n"
)


def session(uuid, case, n=3, edges=((1, 2), (2, 3)), age=30):
    """The files of one interview."""
    ids = {k: f"{uuid}-a{k}" for k in range(1, n + 1)}
    nodes = [f"{k},{uuid},{ids[k]},'=Ann {k},{k},true,false\r\n" for k in ids]
    rows = [
        f"{e},{a},{b},{uuid},{uuid}-e{e},{ids.get(a, 'x')},{ids.get(b, 'x')},{e}\r\n"
        for e, (a, b) in enumerate(edges, 1)
    ]
    return {
        f"{case}_{uuid}_ego.csv": f"{EGO}{uuid},{case},s-{uuid},Study,2026-04-02T14:00:11Z,{age}\r\n",
        f"{case}_{uuid}_attributeList_Person.csv": NODES + "".join(nodes),
        f"{case}_{uuid}_edgeList_Knows.csv": EDGES + "".join(rows),
        f"{case}_{uuid}_adjacencyMatrix_Knows.csv": ",x\r\nx,0\r\n",
    }


def folder(tmp_path, *sessions, **more):
    tmp_path.mkdir(exist_ok=True)
    for files in (*sessions, more):
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    return tmp_path


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def read(path, **how):
    return cp.social_capital.read_network_canvas(path, **how)


TWO = (session("u1", "P1"), session("u2", "007", n=2, edges=(), age=41))


def test_folder_and_zip_are_the_same(tmp_path):
    made = read(folder(tmp_path / "f", *TWO), name="name")
    egos, alters, ties = made.to_tables()
    assert egos["networkCanvasCaseID"].tolist() == ["007", "P1"]
    assert egos["age"].tolist() == [41, 30]
    assert made.metrics().table["size"].tolist() == [2, 3]
    assert made.metrics().table["ties"].tolist() == [0, 2]
    assert alters["name"].tolist() == ["=Ann 1", "=Ann 2", "=Ann 1", "=Ann 2", "=Ann 3"]
    assert alters["help_talk"].tolist() == [True] * 5
    assert set(alters["networkCanvasType"]) == {"Person"}
    assert ties["strength"].tolist() == [1, 2]
    packed = {f"export/{k}": v for one in TWO for k, v in one.items()}
    packed |= {"__MACOSX/._u1_ego.csv": "x", "export/u1.graphml": "<graphml/>"}
    again = read(zipped(tmp_path / "e.zip", packed), name="name").to_tables()
    for one, other in zip(made.to_tables(), again, strict=True):
        assert one.equals(other)


def test_other_files_are_named(tmp_path):
    made = read(folder(tmp_path, *TWO, **{"people.csv": "a,b\r\n1,2\r\n"}))
    assert made.warnings[-1].endswith("were not read: 'people.csv'.")
    assert not read(folder(tmp_path / "plain", *TWO)).warnings


def test_features_of_published_exports(tmp_path):
    """Files in the form of those that the program's makers published; people are made up."""
    ego = 'networkCanvasEgoUUID,networkCanvasCaseID,sessionFinish,notes\nu1,132768,,"Tea: 2x\nNo"\n'
    person = (
        "nodeID,networkCanvasEgoUUID,networkCanvasUUID,name,weight,height,null\n"
        "7,u1,p1,V,180,5' 10'',\n8,u1,p2,F,,\"5' 6''\",\n"
    )
    # A roster gives its entries ids of another form; both lists have a name, one has a type.
    venue = (
        "nodeID,networkCanvasEgoUUID,networkCanvasUUID,name,type\n"
        "1,u1,eeca1020c21575877fdcfbd612eaa35b704dfcdc,Partner's home,\n"
    )
    knows = (
        '"from","to","networkCanvasEgoUUID","networkCanvasUUID","networkCanvasSourceUUID",'
        '"networkCanvasTargetUUID","sure"\n7,8,"u1","k1","p1","p2","false"\n'
    )
    # One file had no columns "edgeID" and "from".
    helps = (
        '"to","networkCanvasEgoUUID","networkCanvasUUID","networkCanvasSourceUUID",'
        '"networkCanvasTargetUUID"\n7,"u1","h1","p2","p1"\n'
    )
    made = read(
        folder(
            tmp_path,
            {
                "1_s_ego.csv": ego,
                "1_s_attributeList_Person.csv": person,
                "1_s_attributeList_Venue.csv": venue,
                "1_s_edgeList_know.csv": knows,
                "1_s_edgeList_gave_help.csv": helps,
            },
        ),
        name="name",
    )
    egos, alters, ties = made.to_tables()
    assert egos["notes"].tolist() == ["Tea: 2x\nNo"]
    assert egos["networkCanvasCaseID"].tolist() == ["132768"]
    assert alters.loc[alters["networkCanvasType"] == "Person", "height"].tolist() == [
        "5' 10''",
        "5' 6''",
    ]
    assert ties["networkCanvasType"].tolist() == ["gave_help; know"]
    table = made.metrics(by_kind=True).table.set_index("group")
    assert table["size"].to_dict() == {"Person": 2, "Venue": 1}
    assert table["ties"].to_dict() == {"Person": 1, "Venue": 0}


def test_waves_are_interviews_of_one_case(tmp_path):
    sessions = session("u1", "P1", age=1), session("u2", "P1", n=2, edges=((1, 2),), age=2)
    made = read(folder(tmp_path, *sessions), ego="networkCanvasCaseID", wave="age", name="name")
    change = made.change(1, 2, match="name").table
    assert change[["kept", "lost", "ties_kept", "ties_lost"]].to_numpy().tolist() == [[2, 1, 1, 1]]


def test_types_of_ties_are_one_tie(tmp_path):
    kin = EDGES + "1,2,1,u1,k1,u1-a2,u1-a1,9\r\n"
    path = folder(tmp_path, session("u1", "P1"), **{"P1_u1_edgeList_Kin.csv": kin})
    ties = read(path).to_tables().ties
    assert ties["networkCanvasType"].tolist() == ["Kin; Knows", "Knows"]
    assert ties["Knows.strength"].tolist() == [1, 2]
    assert ties["Kin.strength"].fillna(0).tolist() == [9, 0]
    assert read(path, edges="Kin").metrics().table["ties"].tolist() == [1]
    with pytest.raises(OptionError, match="one of 'Kin', 'Knows'"):
        read(path, edges="Kim")


def test_without_edge_lists_nobody_was_asked_and_with_empty_ones_nobody_knows_anybody(tmp_path):
    files = session("u1", "P1", edges=())
    assert read(folder(tmp_path / "a", files)).metrics().table["density"].tolist() == [0]
    without = {name: text for name, text in files.items() if "edgeList" not in name}
    assert not read(folder(tmp_path / "b", without)).has_ties


def test_another_version_is_named_file_by_file(tmp_path):
    old = {
        "a_ego.csv": "networkCanvasEgoID,age\r\n1,2\r\n",
        "a_attributeList_Person.csv": "networkCanvasAlterID,name\r\n1,x\r\n",
        "a_edgeList_Knows.csv": "",
    }
    with pytest.raises(ReadError) as caught:
        read(folder(tmp_path, old))
    for said in (
        "a_ego.csv: there is no column 'networkCanvasEgoUUID'",
        "Columns there: 'networkCanvasAlterID', 'name'",
        "a_edgeList_Knows.csv: the file is empty",
    ):
        assert said in str(caught.value)


def test_no_export(tmp_path):
    with pytest.raises(ReadError, match="no folder or archive"):
        read(tmp_path / "none")
    with pytest.raises(ReadError, match=r"no file named …_ego.csv\n(.|\n)*there: 'people.csv'"):
        read(folder(tmp_path, {"people.csv": "a,b\r\n1,2\r\n"}))
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(ReadError, match="damaged"):
        read(tmp_path / "x.zip")


def test_what_does_not_fit_together(tmp_path):
    with pytest.raises(NetworkError, match="the ego didn't name"):
        read(folder(tmp_path / "a", session("u1", "P1", edges=((1, 7),))))
    with pytest.raises(NetworkError, match="of one type that stand twice"):
        read(folder(tmp_path / "b", session("u1", "P1", edges=((1, 2), (2, 1)))))
    copied = {f"copy_{name}": text for name, text in session("u1", "P1").items()}
    with pytest.raises(NetworkError, match="twice"):
        read(folder(tmp_path / "c", session("u1", "P1"), copied))
    with pytest.raises(ColumnError, match="no column 'wave'"):
        read(folder(tmp_path / "d", *TWO), wave="wave")
    lost = {k: v for k, v in session("u9", "P9").items() if "_ego" not in k}
    with pytest.raises(NetworkError, match="interviews without an ego file: 'u9'"):
        read(folder(tmp_path / "e", *TWO, lost), ego="networkCanvasCaseID")


def test_archives_that_are_traps(tmp_path):
    files = session("u1", "P1")
    names = {"../up_ego.csv": "x", "/top.csv": "x", "C:\\x.csv": "x"}
    path = zipped(tmp_path / "out.zip", files | names)
    with pytest.raises(ReadError, match=r"lead out of it: '../up_ego.csv', '/top.csv', 'C:"):
        read(path)
    bomb = files | {"P1_u1_attributeList_X.csv": "0" * 50_000_000}
    with pytest.raises(ReadError, match="more than 200 times"):
        read(zipped(tmp_path / "bomb.zip", bomb))
    path = zipped(tmp_path / "broken.zip", files)
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(ReadError):
        read(path)
