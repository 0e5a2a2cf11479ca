"""Files that are no definitions, or made to exhaust time: one error of ours, and soon."""

import time

import pytest

import cpeval as cp
from cpeval.errors import DefinitionError

#: Seconds of processor time that any file may take. Each took less than 2 on one slow core.
SOON = 6

HEAD = 'name = "m"\ntitle = "M"\ncitation = "x"\nlicence = { terms = "x" }\n'
TWO = '[responses.r]\ncodes = { 0 = "a", 1 = "b" }\n'
MANY = '[responses.r]\nbetween = true\ncodes = { 0 = "a", 1000 = "b" }\n'
SCALE = '[[scales]]\nlabel = "s"\nitems = "all"\n'


def items(number):
    rows = (f'{{code="{n}",label="l",responses="r"}}' for n in range(number))
    return f"items = [{','.join(rows)}]\n"


def numbered(number, start="", value="1"):
    return "{" + ",".join(f"{start}{n}={value}" for n in range(number)) + "}\n"


def scales(number, more):
    return "".join(f'[[scales]]\nname="s{n}"\nlabel="s"\n{more}\n' for n in range(number))


SMALL = HEAD + items(3) + TWO + SCALE
VALUED = SCALE + 'combine = "value_set"\n[value_sets.a]\nlabel = "a"\nsource = "b"\n'


def refused(path):
    before = time.process_time()
    with pytest.raises(DefinitionError) as caught:
        cp.Instrument.from_toml(path)
    assert time.process_time() - before < SOON
    said = str(caught.value)
    assert len(said) < 20_000
    return said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "name: is needed and absent"),
        ("x = " + "[" * 5_000 + "]" * 5_000, "nested too deeply"),
        (".".join("a" * 500_000) + " = 1", "nested too deeply"),
        ("x = { b = 1, " + ".".join("a" * 100_000) + " = 1 }", "nested too deeply"),
        ("title = " + "9" * 5_000, "a number too long"),
        ("title = 0x" + "f" * 1_000_000, 'title: should be text, in quotes ("…"). Got a value too long to show'),
        ("x" * 1_900_000 + " = 1", "…: there is no such key"),
        ("\n".join(f"a{n} = 1" for n in range(150_000)), "149,980 more keys that don't exist"),
        ("title = 1 2", "this is not TOML"),
        (HEAD + items(40_000) + TWO + SCALE, "items: should have at most 1,000. It has 40,000"),
        (HEAD + "items = [" + "{}," * 500_000 + "]\n" + TWO + SCALE, "items: should have at most 1,000. It has 500,000"),
        (HEAD + items(3) + TWO + SCALE * 40_000, "scales: should have at most 200. It has 40,000"),
        (SMALL + "bands = [" + "{}," * 400_000 + "]", "scales.1.bands: should have at most 50. It has 400,000"),
        (SMALL + "lookup = " + numbered(150_000), "scales.1.lookup: has 4, 5, 6"),
        (SMALL + "weights = " + numbered(150_000), "scales.1.weights: has '10', '100'"),
        (HEAD + "sources = [" + "1," * 800_000 + "]\n" + items(3) + TWO + SCALE, "sources: should have at most 1,000"),
        (HEAD + items(3) + "[responses.r]\ncodes = " + numbered(100_000, value='"a"') + SCALE, "responses.r.codes: should have at most 1,001"),
        (HEAD + items(3) + "[responses.r]\ncodes = " + numbered(100_000, "a", '"a"') + SCALE, "responses.r.codes.a0: a code should be a number"),
        (HEAD + items(3) + '[responses.r]\ncodes = { 0 = "a", 999999999999 = "b" }\nbetween = true\n' + SCALE, "responses.r.between: 0 to 1e+12 are more than 1,001 codes"),
        (HEAD + items(3) + TWO + '[[scales]]\nlabel = "s"\nitems = [' + '"1-999",' * 150_000 + "]", "scales.1.items: names more than 1,000 items"),
        (HEAD + items(3) + TWO + scales(200, 'items = ["1-999"]'), "scales.1 (s0).items: there are no items '3', '4'"),
        (HEAD + items(16) + TWO + VALUED + 'by = ["x"]\nprofiles = { ' + ",".join(f'"0|{n}" = 1' for n in range(90_000)) + " }", "value_sets.a.profiles: has 90,000 values; 65,536 states for 90,000 combinations of 'x' need 5,898,240,000"),
        (HEAD + items(900) + MANY + VALUED + "profiles = { 1 = 1 }", "value_sets.a.profiles: the items have more than 100,000 combinations"),
        (HEAD + items(16) + TWO + VALUED + "profiles = { 0 = 1 }", "value_sets.a.profiles: no value for '0000000000000000', '0000000000000001'"),
        (HEAD + items(1000) + MANY + scales(200, 'items = "all"\nrange = [0, 1]'), "scales.1 (s0).range: is [0, 1], but the items give [0, 1e+06]"),
        (HEAD + items(300) + TWO + scales(200, 'items = "all"\nanswered = 1\nlookup = ' + numbered(301)), "lookup: needs whole scores; there are too many to look up"),
        (HEAD + items(3) + TWO + scales(200, "terms = [" + ",".join(f'{{scale="s{n}",weight=1}}' for n in range(200)) + "]"), "scales are made of each other: s0 → s0"),
    ],
    ids=range(27),
)  # fmt: skip
def test_it_is_refused_soon(tmp_path, text, said):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    assert said in refused(path)


def test_the_largest_that_is_right_is_read_soon(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + items(1000) + MANY + scales(200, 'items = "all"'), encoding="utf-8")
    before = time.process_time()
    one = cp.Instrument.from_toml(path)
    assert time.process_time() - before < SOON
    assert len(one.columns) == 200


def test_scales_of_scales_are_walked_once(tmp_path):
    """Each is made of the two before it: as a tree, that would be 2 ** 99 scales."""
    text = HEAD + items(3) + TWO + scales(2, 'items = "all"')
    for n in range(2, 101):
        terms = f'[{{scale="s{n - 1}",weight=1}},{{scale="s{n - 2}",weight=1}}]'
        text += f'[[scales]]\nname="s{n}"\nlabel="s"\nterms={terms}\n'
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    one = cp.Instrument.from_toml(path)
    assert one.items_of(one.scales[-1]) == ["0", "1", "2"]
    assert len(one.describe().table) == 101


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"title = \"\xff\xfe\"", "save the file as UTF-8 text"),
        ("title = 1".encode("utf-16"), "save the file as UTF-8 text"),
        (b"\x00\x01", "this is not TOML"),
        (b"#" * 2_000_001, "more than 2 MB; is this the right file?"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_text(tmp_path, content, said):
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    assert said in refused(path)


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert cp.Instrument.from_toml(path).columns == ["m"]


def test_no_file_at_all(tmp_path):
    assert "There is no file" in refused(tmp_path / "none.toml")
    assert "is a folder; name the file in it" in refused(tmp_path)
    assert "has a zero byte in its name" in refused("a\0b.toml")


def test_keys_and_values_that_toml_can_not_have():
    with pytest.raises(DefinitionError) as caught:
        cp.Instrument.from_mapping({1: "x", None: 2, "name": object(), "items": {1: 2}})
    for said in (
        "- 1: there is no such key",
        "- None: there",
        "- name: should be text",
        "- items: ",
    ):
        assert said in str(caught.value)


def test_keys_are_shown_so_that_a_terminal_stays_as_it_is(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('"\\u001b[2J\\u202e" = 1\n' + SMALL, encoding="utf-8")
    said = refused(path)
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert r"\x1b[2J\u202e: there is no such key" in said
