"""`cp.read`: what comes out of files of each kind, and what it says of them."""

import base64
import copy
import datetime as dt
import pickle
import zlib
from decimal import Decimal

import numpy as np
import pandas as pd
import pyreadstat
import pytest

import cpeval as cp
from cpeval.errors import ColumnError, OptionError, ReadError

#: id, mood (3.5, missing, special missing .A) and name (Ann, blank, "None"), written with the
#: ReadStat library's own SAS writer, which pyreadstat doesn't offer.
SAS = (
    "c-muNK!8K98WT2)2%g_NiGzXjxM7ckynvvw5`(cZBa<N`M2QFk12ZFvxG|%$F@uN*g90-n%$#7yU<Ef%A6FO05XW"
    "HG5CvR-fdByMhpFp)b>vo9>3v5SjiFcof*H|-E%gjc3=DlueKPY(E0DyE^$ZR440H_*%?$Jm4fPDsjjOOQi#Ibt@"
    "Im$-U9x&V45O=`vFpx1WOp)*f>AIEM!_f;1*2dTjDk@x3P!;w7zKj}%!Kw^(SbTUl)=Quzzw8s@Ibg4%&6)PK*c4"
    "{^k;BE=m;iMaS5n+089YdVSmC2p-s@lXF$b$(8Lp<;udJ)3Q%zeH1|B<z%IUkfH<1*Q1HPXLi0E{=H(%eWk8I%_@"
    "f?mjDrIrzVAo9Uw&RHF=HR2U=)mkQ7{Td!AJ)Ge*Xsp`s&wV;G&lO5bgg}pnMr9%?yN$46w%3|NqPks12n*P<<9?"
    "=7F0fEQ|~sXnX+_KB`$zqy8fr9V$@UG#FT*ttb{Wd;UW8*dT;N(C2T!^E)A~0huWb47vIFDZW6gP?DdLSjoVUmzb"
    "N1%|kHrVD_=oDBbX|qlP1_{l<pYo?}DvFC&`!(E0z-)Ul$eV?~R1Ml^q-^P$O$VEXz+q`IH~DNC<I4SWLvNPa>E-"
    "+=(!Qit++(c}dUlu-ID%s9+P7l-9vSor|Ycu?SnmQMbUu=t==f0R@J%V$hzd@eLT4;r5jjn6?dpK>6TxgtpR@POG"
    "eMB2;(bSWc{<U$c$fiwN0cVz+TVD{1"
)


@pytest.fixture
def put(tmp_path):
    """Write text or bytes into a file and return its path."""

    def write(content, name="data.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


def refused(path, *parts, error=ReadError, **options):
    """Read, and require an error that holds all the parts, in this order."""
    with pytest.raises(error) as raised:
        cp.read(path, **options)
    text = str(raised.value)
    places = [text.find(part) for part in parts]
    assert -1 not in places, text
    assert places == sorted(places), text
    return text


# What cells become


def test_kinds_of_columns(put):
    data = cp.read(
        put(
            "id,whole,gap,number,text,truth,partly,none\n"
            "007,1,1,0.5,a,TRUE,true,\n"
            "008,-2,,1e-3,b c,FALSE,,\n"
            "010,3,3,.25,,TRUE,false,NA\n"
        )
    )
    assert data["id"].tolist() == ["007", "008", "010"]
    assert data["whole"].dtype == "int64"
    assert data["gap"].dtype == "float64"
    assert data["number"].tolist() == [0.5, 0.001, 0.25]
    assert data["text"].isna().tolist() == [False, False, True]
    assert data["truth"].dtype == "bool"
    assert data["partly"].dtype == "boolean"
    assert data["partly"].isna().tolist() == [False, True, False]
    assert data["none"].isna().all()
    assert data["none"].dtype == "float64"


@pytest.mark.parametrize(
    "cells",
    [
        ["007", "12"],
        ["+44", "12"],
        ["1234567890123456", "12"],
        ["0x1A", "12"],
        ["1_000", "12"],
        ["inf", "12"],
        ["1e999", "12"],
        ["12%", "12"],
        ["2024-01-31", "12"],
    ],
)
def test_what_is_no_number_stays_text(put, cells):
    assert cp.read(put("x,y\n" + "".join(f"{c},1\n" for c in cells)))["x"].tolist() == cells


def test_fifteen_digits_are_a_number_and_sixteen_name_something(put):
    data = cp.read(put("a,b\n123456789012345,1234567890123456\n"))
    assert data["a"].tolist() == [123456789012345]
    assert data["b"].tolist() == ["1234567890123456"]


def test_words_for_missing_count_among_numbers_and_stay_in_text(put):
    data = cp.read(put("name,age\nNone,31\nNaN,nan\nnull,NULL\nAnn,#N/A\nNA,.\n"))
    assert data["name"].tolist()[:4] == ["None", "NaN", "null", "Ann"]
    assert data["name"].isna().tolist() == [False] * 4 + [True]
    assert data["age"].isna().tolist() == [False] + [True] * 4
    assert data.attrs["read"]["words"] == {"age": {"nan": 1, "NULL": 1, "#N/A": 1, ".": 1}}
    data = cp.read(put("id,q\n1,NaN\n2,nan\n3,\n"))
    assert data["q"].isna().all()
    assert data.attrs["read"]["words"] == {"q": {"NaN": 1, "nan": 1}}


def test_blanks_are_missing_and_text_is_left_as_it_stands(put):
    data = cp.read(put('a,b\n" x ",  3\n"  ","4 "\n'))
    assert data["a"].tolist()[0] == " x "
    assert data["a"].isna().tolist() == [False, True]
    assert data["b"].tolist() == [3, 4]


def test_wholly_empty_rows_and_columns_are_left_out_and_counted(put):
    data = cp.read(put("a,b,,\n1,2,,\n,,,\n\n3,,,\n"))
    assert data.columns.tolist() == ["a", "b"]
    assert data["a"].tolist() == [1, 3]
    assert data.attrs["read"]["empty_rows"] == 1
    assert data.attrs["read"]["empty_columns"] == 2


def test_quotes_hold_separators_quotes_and_line_breaks(put):
    data = cp.read(put('a,b\n"x, ""y""\nz",1\nplain,2\n'))
    assert data["a"].tolist() == ['x, "y"\nz', "plain"]


def test_inches_are_no_quotes(put):
    assert cp.read(put('a,b\n5" pipe,1\n6" pipe,2\n7" pipe,3\n'))["a"].tolist()[2] == '7" pipe'


# Missing codes


def test_codes_for_all_columns_and_for_one(put):
    path = put("id,age,q\n99,-9,3\n1,99,99.0\n2,31,999\n3,0,UNK\n")
    data = cp.read(path, missing={"*": [-9, 99, "UNK"], "age": 0, "q": [999, 5]})
    assert data["id"].isna().tolist() == [True, False, False, False]
    assert data["age"].isna().tolist() == [True, True, False, True]
    assert data["q"].dtype == "float64"
    assert data["q"].isna().tolist() == [False, True, True, True]
    assert data.attrs["read"]["missing"] == {
        "id": {99: 1},
        "age": {-9: 1, 99: 1, 0: 1},
        "q": {99: 1, "UNK": 1, 999: 1, 5: 0},
    }


def test_a_code_counts_only_as_the_whole_cell(put):
    data = cp.read(put("note,id\n99 days,099\n99,990\n -9 ,99\n"), missing={"*": [99, -9]})
    assert data["note"].tolist()[0] == "99 days"
    assert data["note"].isna().tolist() == [False, True, True]
    assert data["id"].tolist()[:2] == ["099", "990"]


def test_text_codes_empty_numbers_and_leave_truth_alone(put):
    data = cp.read(put("q,t\n1,TRUE\n9,FALSE\n"), missing={"*": ["9", 1.5]})
    assert data["q"].isna().tolist() == [False, True]
    assert data["t"].tolist() == [True, False]
    assert cp.read(put("q,t\n7,TRUE\n1,FALSE\n"), missing={"*": [1, 0]})["t"].dtype == "bool"


def test_missing_names_unknown_columns_with_near_misses(put):
    refused(
        put("age,sex\n1,2\n"), "The rows of data.csv have no columns 'aeg' (did you mean 'age'?), 'sec' (did you mean 'sex'?)",
        error=ColumnError, missing={"aeg": [1], "sec": [2]},
    )  # fmt: skip


@pytest.mark.parametrize("missing", [[-9], {"*": [None]}, {"*": [True]}, {"*": [float("nan")]}])
def test_missing_of_another_form(put, missing):
    refused(put("a\n1\n"), "'missing'", error=OptionError, missing=missing)


# Commas and points


def test_decimal_commas_are_read_where_nothing_else_is_possible(put):
    data = cp.read(put("id;mood;n;list\n1;3,5;1;1,2,3\n2;4;2;4\n3;-0,25;3;5,6\n"))
    assert data["mood"].tolist() == [3.5, 4, -0.25]
    assert data["list"].tolist() == ["1,2,3", "4", "5,6"]
    assert data.attrs["read"]["decimal"] == ","
    assert data.attrs["read"]["decimal_comma"] == ["mood"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id;x;y\n1;1,234;2,500\n", "decimals or thousands: 'x' (such as 1,234), 'y'"),
        ("id;x\n1;1,234,567\n", "decimals or thousands: 'x'"),
        ("id;x\n1;3,5\n2;3.5\n", "commas and points in one column: 'x' (such as 3,5)"),
        ('id,x\n1,"3,5"\n2,4\n', "decimals or lists of answers"),
        ("id;x;y\n1;3,5;0.5\n", "commas in 'x', points in 'y'"),
    ],
)
def test_commas_that_cannot_be_told(put, content, said):
    path = put(content)
    refused(path, "data.csv: the commas", said, 'Pass decimal=","')
    kept = cp.read(path, decimal=".")["x"]
    assert kept.map(lambda cell: isinstance(cell, str)).all()


def test_decimal_given(put):
    assert cp.read(put("id;x\n1;1,234\n"), decimal=",")["x"].tolist() == [1.234]
    assert cp.read(put('id,x\n1,"3,5"\n'), decimal=",")["x"].tolist() == [3.5]
    refused(
        put("i;x;y\n1;1.5;1.234,5\n"),
        'decimal="," was given',
        "'x' (such as 1.5), 'y'",
        decimal=",",
    )
    refused(
        put("x\n1\n"), "'decimal' must be one of '.', ','. Got ';'", error=OptionError, decimal=";"
    )


def test_codes_are_emptied_before_commas_are_judged_anew(put):
    data = cp.read(put("id;x\n1;3,5\n2;UNK\n"), missing={"*": ["UNK"]})
    assert data["x"].tolist()[0] == 3.5
    assert data.attrs["read"]["decimal_comma"] == ["x"]
    assert data.attrs["read"]["decimal"] == ","


# What is said of it


def test_what_was_taken_survives_copies_and_pickles(put):
    data = cp.read(put("\ufeff id ;x\n1;2\n", encoding="utf-8"), missing={"x": [2]})
    assert data.attrs["read"] == {
        "file": "data.csv",
        "format": "csv",
        "encoding": "utf-8-sig",
        "separator": ";",
        "decimal": ".",
        "decimal_given": None,
        "decimal_comma": [],
        "sheet": None,
        "words": {},
        "missing": {"x": {2: 1}},
        "n_missing": 1,
        "n_rows": 1,
        "n_columns": 2,
        "empty_rows": 0,
        "empty_columns": 0,
        "renamed": {" id ": "id"},
    }
    assert pickle.loads(pickle.dumps(data)).attrs == data.attrs
    assert copy.deepcopy(data).attrs == data.attrs
    assert data[["x"]].attrs == data.attrs


def test_attrs_survive_parquet(put, tmp_path):
    cp.read(put("a\n1\n")).to_parquet(tmp_path / "a.parquet")
    assert cp.read(tmp_path / "a.parquet")["a"].tolist() == [1]


# Files of statistics programs


def test_spss(tmp_path):
    path = tmp_path / "Erhebung 1.sav"
    frame = pd.DataFrame(
        {
            "id": [1, 2, 3, 4, 5],
            "q1": [1, 99, -9, 98, np.nan],
            "größe": [1.5, 2.5, 3, 4, 5],
            "arm": ["CP", "ZZ", "", "TAU", "NA"],
            "day": pd.to_datetime(["2024-01-31"] * 5),
            "inside": [1, 95, 97, 99, 100],
        }
    )
    pyreadstat.write_sav(
        frame,
        path,
        column_labels={"q1": "How are you?"},
        variable_value_labels={"q1": {1: "well", 99: "refused"}},
        missing_ranges={
            "q1": [{"lo": -9, "hi": -9}, {"lo": 98, "hi": 99}],
            "arm": ["ZZ"],
            "inside": [{"lo": 95, "hi": 99}],
        },
    )
    data = cp.read(path)
    assert data["id"].dtype == "int64"
    assert data["q1"].isna().tolist() == [False, True, True, True, True]
    assert data["größe"].tolist() == [1.5, 2.5, 3, 4, 5]
    assert data["arm"].isna().tolist() == [False, True, True, False, False]
    assert data["day"].tolist() == [pd.Timestamp("2024-01-31")] * 5
    assert data.attrs["labels"] == {"q1": "How are you?"}
    assert data.attrs["value_labels"] == {"q1": {1: "well", 99: "refused"}}
    assert data.attrs["read"]["declared_missing"] == {
        "q1": {99: 1, -9: 1, 98: 1},
        "arm": {"ZZ": 1},
        "inside": {95: 1, 97: 1, 99: 1},
    }
    assert data["inside"].isna().tolist() == [False, True, True, True, False]
    more = cp.read(path, missing={"q1": [1]})
    assert more["q1"].isna().all()
    assert more.attrs["read"]["missing"] == {"q1": {1: 1}}


def test_spss_text_stays_text_when_a_code_goes(tmp_path):
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(pd.DataFrame({"id": ["1", "2", "UNK"]}), path)
    assert cp.read(path, missing={"*": ["UNK"]})["id"].tolist()[:2] == ["1", "2"]


def test_stata(tmp_path):
    path = tmp_path / "a.dta"
    frame = pd.DataFrame({"id": [1, 2, 3], "q": [1.0, "a", "b"], "w": [0.5, np.nan, 2]})
    pyreadstat.write_dta(
        frame,
        path,
        missing_user_values={"q": ["a", "b"]},
        variable_value_labels={"id": {1: "first"}},
        column_labels={"w": "Weight"},
    )
    data = cp.read(path)
    assert data["q"].isna().tolist() == [False, True, True]
    assert data["q"].dtype == "float64"
    assert data.attrs["read"]["declared_missing"] == {"q": {"a": 1, "b": 1}}
    assert data.attrs["value_labels"] == {"id": {1: "first"}}
    assert data.attrs["labels"] == {"w": "Weight"}


def test_stata_of_an_old_version(tmp_path):
    path = tmp_path / "old.dta"
    pd.DataFrame({"id": [1, 2]}).to_stata(path, version=114, write_index=False)
    assert cp.read(path)["id"].tolist() == [1, 2]


def test_sas(tmp_path):
    path = tmp_path / "a.sas7bdat"
    path.write_bytes(zlib.decompress(base64.b85decode(SAS)))
    data = cp.read(path)
    assert data["id"].tolist() == [1, 2, 3]
    assert data["mood"].isna().tolist() == [False, True, True]
    assert data["name"].tolist()[2] == "None"
    assert data["name"].isna().tolist() == [False, True, False]
    assert data.attrs["labels"] == {"mood": "Mood today"}
    assert data.attrs["read"]["declared_missing"] == {"mood": {"A": 1}}


def test_spss_text_in_another_encoding_than_it_says(tmp_path):
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(pd.DataFrame({"id": [1], "name": ["Zo\u00eb Ek"]}), path)
    content = path.read_bytes()
    path.write_bytes(content.replace("Zo\u00eb Ek".encode(), b"Zo\xeb Ek "))
    data = cp.read(path)
    assert data["name"].tolist() == ["Zo\u00eb Ek"]


def test_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    frame = pd.DataFrame(
        {
            "small": np.array([100, 100, 27], dtype="int8"),
            "real": np.array([0.5, 1, 2], dtype="float32"),
            "arm": pd.Categorical(["CP", None, "TAU"]),
            "yes": pd.array([True, None, False], dtype="boolean"),
            "long": pd.array([2**60 + 1, None, 1], dtype="Int64"),
            "day": [dt.date(2024, 1, 31), None, None],
            "text": ["None", " ", "NA"],
            "at": [dt.time(9, 30), None, None],
            "euro": [Decimal("1.25"), None, Decimal("2")],
            "nothing": [None, None, None],
            "huge": np.array([1, 2, 2**64 - 1], dtype="uint64"),
        }
    )
    frame.to_parquet(path)
    data = cp.read(path)
    assert data["small"].sum() == 227
    assert data["real"].dtype == "float64"
    assert data["arm"].tolist()[2] == "TAU"
    assert data["yes"].dtype == "boolean"
    assert data["long"].tolist()[0] == str(2**60 + 1)
    assert data["day"].tolist()[0] == pd.Timestamp("2024-01-31")
    assert data["text"].isna().tolist() == [False, True, False]
    assert data["at"].tolist()[0] == "09:30:00.000000"
    assert data["euro"].tolist()[::2] == [1.25, 2]
    assert data["nothing"].isna().all()
    assert data["huge"].tolist()[2] == str(2**64 - 1)
    frame.set_index("arm").to_parquet(path)
    assert "arm" in cp.read(path)
    frame[frame["small"] > 50].to_parquet(path)
    assert cp.read(path).columns.tolist() == frame.columns.tolist()


def test_parquet_of_lists(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"a": [[1, 2]], "b": [1]}).to_parquet(path)
    refused(path, "columns hold lists or records: 'a'")


def test_names_and_content_of_any_script(put):
    path = put("név,répondu à,质量\nŐz,1,好\n", "Fragebögen – été 2024.csv")
    data = cp.read(str(path))
    assert data.columns.tolist() == ["név", "répondu à", "质量"]
    assert data["质量"].tolist() == ["好"]
