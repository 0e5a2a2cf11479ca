"""`cp.read` of files that can't be read: one message that says what is wrong and what to do."""

import gzip
import zipfile

import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import OptionError, ReadError


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


def test_no_such_file_names_those_like_it(put, tmp_path):
    put("a\n1\n", "responses.csv")
    put("a\n1\n", "people.xlsx")
    refused(tmp_path / "reponses.csv", "There is no file", "Did you mean 'responses.csv'?")
    refused(tmp_path / "people.csv", "Did you mean 'people.xlsx'")
    refused(tmp_path / "nowhere" / "a.csv", "Nor is there a folder")


def test_a_folder_and_an_empty_file(put, tmp_path):
    put("a\n1\n")
    refused(tmp_path, "is a folder; name a file in it. Files there: 'data.csv'.")
    refused(put(b"", "empty.csv"), "empty.csv: the file is empty (0 bytes)")
    refused(put("\n\n  \n", "blank.csv"), "nothing but blank lines")


@pytest.mark.parametrize("content", ["a,b\n", "a,b", "a,b\n,\n,\n", "a,b\n\n\n"])
def test_header_only(put, content):
    refused(put(content), "a row of column names ('a', 'b') but no data below it")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"PAR1xx", "ends in .csv, but the file holds a Parquet file. Rename it"),
        ("a.csv", b"$FL2@(#)", "holds SPSS data. Rename it to end in .sav"),
        ("a.sav", b"$FL2@(#)", "a.sav: the file is damaged or incomplete"),
        ("a.dta", b"<stata_dta>", "a.dta: the file is damaged or incomplete"),
        ("a.parquet", b"PAR1xxPAR1", "a.parquet: the file is damaged or incomplete"),
        ("a.sav", b"ENCRYPTEDSAV", "SPSS data that are encrypted"),
        ("a.xlsx", b"a,b\n1,2\n", "the file holds plain text. Rename it to end in .csv"),
        ("a.csv", b"\n<!DOCTYPE html><html>", "holds a web page. This is often a log-in page"),
        ("a.xlsx", b"<html><table>", "holds a web page"),
        ("a.csv", b'<?xml version="1.0"?><x/>', "holds XML"),
        ("a.csv", b'[{"a": 1}]', "holds JSON"),
        ("a.csv", b"%PDF-1.7", "holds a PDF document"),
        ("a.csv", b"\x00\x01\x02binary", "holds binary data"),
        ("a.csv", gzip.compress(b"a\n1\n"), "holds a gzip archive. Unpack it"),
        ("a.xls", b"a\tb\n1\t2\n", "files that end in '.xls' can't be read. Suffixes known: .csv"),
        ("a.doc", b"x", "files that end in '.doc' can't be read"),
        ("data", b"a,b\n1,2\n", "a file without a suffix can't be read"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(put, name, content, said):
    refused(put(content, name), said)


def test_workbooks_of_other_kinds(put, tmp_path):
    ole = bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 100
    refused(
        put(ole + "Workbook".encode("utf-16-le"), "a.xls"),
        "'.xls' can't be read",
        "save it as .xlsx",
    )
    refused(put(ole + "Workbook".encode("utf-16-le"), "a.xlsx"), "of the old kind (.xls)")
    refused(put(ole + "EncryptedPackage".encode("utf-16-le"), "b.xlsx"), "protected by a password")
    for name, inside, said in [
        ("a.zip", "a.csv", "The file holds a zip archive. Unpack it"),
        ("a.csv", "xl/workbook.xml", "holds an Excel workbook. Rename it to end in .xlsx"),
    ]:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(inside, "x")
        refused(tmp_path / name, said)
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    refused(tmp_path / "a.ods", "holds an OpenDocument spreadsheet. Open it and save it as .xlsx")


def test_all_columns_of_one_name_are_named(put):
    text = refused(put("a,b, a,b ,c\n1,2,3,4,5\n"), "'a' in columns 1, 3; 'b' in columns 2, 4")
    assert "'c'" not in text


def test_columns_without_a_name(put):
    refused(
        put(",a,,b\n1,2,3,4\n"), "columns 1, 3 (counted from the left) hold values but have no name"
    )
    refused(put("My survey,\nid,age\n1,2\n"), "column 2", "delete titles above that row")


def test_options_that_do_not_go_with_the_file(put, tmp_path):
    refused(put("a\n1\n"), "only .xlsx files have sheets", error=OptionError, sheet="x")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "a.parquet")
    refused(tmp_path / "a.parquet", "hold numbers as numbers", error=OptionError, decimal=",")
