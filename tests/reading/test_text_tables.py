"""Text files: encodings, separators, rows that aren't whole; and what is written comes back."""

import csv
import io
import re
import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, strategies as st

import cpeval as cp
from cpeval.errors import ReadError
from cpeval.reading.cell_values import WORDS


@pytest.fixture
def put(tmp_path):
    def write(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def refused(path, *parts):
    with pytest.raises(ReadError) as raised:
        cp.read(path)
    text = str(raised.value)
    assert all(part in text for part in parts), text


TEXT = "name,age\nZoë,31\nJürgen – “x”,44\n"


@pytest.mark.parametrize(
    ("encoding", "taken"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "windows-1252"),
        ("utf-32", "utf-32"),
    ],
)
def test_encodings(put, encoding, taken):
    data = cp.read(put(TEXT.encode(encoding)))
    assert data["name"].tolist() == ["Zoë", "Jürgen – “x”"]
    assert data.columns.tolist() == ["name", "age"]
    assert data.attrs["read"]["encoding"] == taken


def test_utf_16_with_big_endian_mark(put):
    content = b"\xfe\xff" + TEXT.encode("utf-16-be")
    assert cp.read(put(content))["name"].tolist()[0] == "Zoë"


def test_undecodable_bytes_are_named_by_line(put):
    refused(put(b"name,age\nAnn,1\n\x81\x8d,2\n"), "line 3", "0x81", "Save the file as UTF-8")
    refused(put(b"\xff\xfea\x00,\x00b\x00\n\x00\x00\xd8"), "in UTF-8, UTF-16 or Windows-1252")
    refused(put(b"\xef\xbb\xbfa,b\n\xe9,1\n"), "line 2", "0xe9")


def test_two_encodings_in_one_file(put):
    content = "name,age\nZoë,1\n".encode() + "Zoé,2\n".encode("cp1252")
    refused(put(content), "mixes two encodings", "line 2 is UTF-8", "line 3 is not")


def test_nul_bytes(put):
    refused(put(b"a,b\n" + b"1,2\n" * 2000 + b"\x00,1\n"), "line 2002 holds a NUL byte")


@pytest.mark.parametrize(
    ("content", "separator", "columns"),
    [
        (b"a,b,c\n1,2,3\n", ",", 3),
        (b"a;b;c\n1;2;3\n", ";", 3),
        (b"a\tb\tc\n1\t2\t3\n", "\t", 3),
        (b"a;b, x;c\n1;2,5;3\n2;3,5;4\n", ";", 3),
        (b"a,b;x,c\n1,2,3\n", ",", 3),
        (b'"a;b",c\n"1;2",3\n', ",", 2),
        (b"a;note\n1;one, two, three\n2;four, five\n", ";", 2),
        (b"a\n1\n", ",", 1),
        (b"sep=;\na;b\n1;2\n", ";", 2),
        (b"\n\na,b\n1,2\n", ",", 2),
        (b"a,b\r1,2\r", ",", 2),
        (b"a,b\r\n1,2\r\n", ",", 2),
        (b'a,"b\nc"\n1,2\n', ",", 2),
    ],
)
def test_separators(put, content, separator, columns):
    data = cp.read(put(content))
    assert data.attrs["read"]["separator"] == separator
    assert data.shape[1] == columns
    assert data.iloc[0, 0] in (1, "1;2")


def test_suffix_does_not_decide_the_separator(put):
    assert cp.read(put(b"a,b\n1,2\n", "a.tsv")).columns.tolist() == ["a", "b"]
    assert cp.read(put(b"a\tb\n1\t2\n", "a.txt")).columns.tolist() == ["a", "b"]


def test_separators_that_fit_alike(put):
    refused(put(b"a,b;c\n1,2;3\n"), "comma and semicolon separate the first row equally well")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"id|age\n1|31\n2|44\n", "separated by '|'"),
        (b"id age\n1 31\n2 44\n", "separated by spaces"),
        (b'"id" "age"\n"1" 1 31\n"2" 2 44\n', "separated by spaces"),
    ],
)
def test_other_separators(put, content, said):
    refused(put(content, "a.txt"), said, "Save the file with commas, semicolons or tabs")


def test_one_column_of_text_may_hold_blanks(put):
    assert cp.read(put(b"full name\nAnn Lee\nBo Ek\n"))["full name"].tolist() == [
        "Ann Lee",
        "Bo Ek",
    ]
    assert cp.read(put(b"note\nhello there 1\n"))["note"].tolist() == ["hello there 1"]


def test_a_title_above_the_names(put):
    refused(
        put(b"Survey 2024\nid,age\n1,2\n"),
        "the first row has one cell, but row 2 has 2",
        "delete titles",
    )


def test_ragged_rows_are_named_by_line(put):
    content = b'a,b,c\n1,2,3\n1,2\n"x\ny",2,3\n1,2,3,4\n\n1,2\n'
    refused(
        put(content),
        "names 3 columns, separated by comma",
        "2 in lines 3, 8; 4 in line 6.",
        "needs quotes around it",
    )
    refused(put(b"sep=;\na;b\n1;2;3\n1;2\n"), "3 in line 3.")


def test_row_names_without_a_column_name(put):
    refused(put(b"a,b\n1,2,3\n2,3,4\n"), "one cell more than there are names", "row.names = FALSE")


def test_a_quote_that_is_never_closed(put):
    refused(put(b'a,b\n1,x\n2,"y\n3,z\n4,z\n'), 'a quote (") that opens in line 3 is never closed')


def test_cells_and_names_longer_than_the_csv_module_takes(put):
    long = "x" * 200_000
    assert cp.read(put(f'a,b\n{long},1\n5" p,3\n'.encode()))["b"].tolist() == [1, 3]
    assert cp.read(put(f"{long},b\n1,2\n".encode())).columns.tolist() == [long, "b"]
    refused(put(f"a,b\n{long},1\n5,3,4\n".encode()), "3 in line 3")
    refused(put(f'"{long},b\n1,1\n'.encode()), "opens in line 1 is never closed")
    assert csv.field_size_limit() == 131_072


def test_an_odd_number_of_quotes_need_not_be_open(put):
    assert cp.read(put(b'a,b\n5" pipe,1\nx,2\n'))["a"].tolist() == ['5" pipe', "x"]


def test_long_names_and_long_cells(put):
    names = [f"{'n' * 300}{i}" for i in range(1000)]
    content = ",".join(names) + "\n" + ",".join("1" for _ in names) + "\n"
    assert cp.read(put(content.encode())).columns.tolist() == names
    long = "x" * 3_000_000
    assert cp.read(put(f"a,b\n{long},1\n".encode()))["a"].tolist() == [long]


def test_many_rows_are_all_read(put):
    rows = "".join(f"{i};{i % 7},5\n" for i in range(300_000))
    data = cp.read(put(f"i;x\n{rows}".encode()))
    np.testing.assert_array_equal(data["i"], np.arange(300_000))
    np.testing.assert_array_equal(data["x"], np.arange(300_000) % 7 + 0.5)


# What is written comes back

#: No control characters, nor the surrogates that no encoding holds.
_LETTERS = st.characters(codec="cp1252", exclude_categories=("Cc", "Cs", "Zs"))
_WORDS = st.text(_LETTERS, min_size=1, max_size=8).filter(
    lambda text: text.strip() == text and text not in (*WORDS, "NA")
)
_PUNCTUATED = st.text(string.ascii_letters + " ,;\t\"'\n", min_size=1, max_size=8).filter(str.strip)
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(lambda x: x + 0.0)
_ROWS = st.lists(
    st.tuples(
        st.integers(-(10**9), 10**9),
        st.one_of(st.none(), st.integers(-99, 99)),
        st.one_of(st.none(), _NUMBERS),
        st.one_of(st.none(), _WORDS, _PUNCTUATED).map(lambda text: text and f"t{text}"),
    ),
    min_size=3,
    max_size=12,
)


@given(
    rows=_ROWS,
    separator=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    ends=st.sampled_from(["\n", "\r\n"]),
    comma=st.booleans(),
)
def test_what_pandas_writes_comes_back(
    tmp_path_factory, rows, separator, encoding, quoting, ends, comma
):
    frame = pd.DataFrame(rows, columns=["id", "whole", "real", "text"])
    frame = frame.astype({"whole": "float64", "real": "float64"})
    decimal = "," if comma and separator != "," else "."
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    written = frame.astype({"whole": "Int64"}).to_csv(
        index=False, sep=separator, quoting=quoting, lineterminator=ends, decimal=decimal
    )
    content = written.encode(encoding)
    # Windows-1252 that happens to be UTF-8, such as "Â¡", can't be told from it by anyone.
    assume(encoding != "cp1252" or not re.search(rb"[\xc2-\xf4][\x80-\xbf]", content))
    path.write_bytes(content)
    data = cp.read(path, decimal=decimal)
    assert data.attrs["read"]["separator"] == separator
    assert data["id"].tolist() == frame["id"].tolist()
    np.testing.assert_array_equal(data["whole"].astype("float64"), frame["whole"])
    np.testing.assert_array_equal(data["real"].astype("float64"), frame["real"])
    texts = [text if isinstance(text, str) else None for text in data["text"]]
    assert texts == [text if isinstance(text, str) else None for text in frame["text"]]


@given(st.lists(st.lists(_WORDS, min_size=2, max_size=4), min_size=1, max_size=6))
def test_ragged_exactly_when_rows_differ(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([["n1", "n2"], *rows])
    path.write_text(out.getvalue(), encoding="utf-8")
    wrong = [i + 2 for i, row in enumerate(rows) if len(row) != 2]
    if not wrong:
        assert len(cp.read(path, decimal=".")) == len(rows)
        return
    with pytest.raises(ReadError) as raised:
        cp.read(path, decimal=".")
    assert all(str(line) in str(raised.value) for line in wrong)
