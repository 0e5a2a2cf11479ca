"""What reading says it took: files, codes made missing, ids without a partner."""

import pytest

from cpeval.reading.assembling import read_table
from cpeval.reading.taken import taken


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "d.csv").write_text("id,wave,q\n1,0,5\n1,1,6\n2,0,7\n")
    (tmp_path / "people.csv").write_text("id,age\n2,99\n3,50\n4,60\n")
    return tmp_path


@pytest.mark.parametrize(("how", "done"), [("drop", "dropped"), ("keep", "kept")])
def test_ids_without_a_partner_are_counted_and_not_named(folder, how, done):
    join = {"file": "people.csv", "on": "id", "unmatched": how, "missing": {"age": [99]}}
    data, _ = read_table({"file": "d.csv", "join": [join]}, folder)
    assert taken(data) == [
        "Read d.csv: csv, utf-8, comma between cells; 3 rows, 3 columns.",
        "Read people.csv: csv, utf-8, comma between cells; 3 rows, 2 columns.",
        "Made missing in people.csv: 99 in age (1 cell).",
        f"Joined people.csv: 1 id of the data (2 rows) had no partner there and was {done}.",
        f"Joined people.csv: 2 ids of it (2 rows) had no partner in the data and were {done}.",
    ]


def test_a_join_without_loss_says_nothing_of_ids(folder):
    (folder / "people.csv").write_text("id,age\n1,40\n2,50\n")
    data, _ = read_table({"file": "d.csv", "join": [{"file": "people.csv", "on": "id"}]}, folder)
    assert len(taken(data)) == 2
