"""The reference holds every public name and every instrument, whatever its generator thinks."""

import inspect
import types
import zlib

import pytest

import cpeval

pytestmark = pytest.mark.docs


@pytest.fixture(scope="module")
def explained(site):
    """Every Python name that the built pages explain: Sphinx lists them in objects.inv."""
    packed = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    lines = zlib.decompress(packed).decode("utf-8").splitlines()
    return {line.split(" ")[0] for line in lines if " py:" in line}


def public_names():
    for name in cpeval.__all__:
        thing = getattr(cpeval, name)
        if not isinstance(thing, types.ModuleType):
            yield from [f"cpeval.{name}"] if callable(thing) else []
        elif name == "errors":
            for one, error in vars(thing).items():
                if inspect.isclass(error) and issubclass(error, (Exception, Warning)):
                    home = "cpeval" if one in cpeval.__all__ else "cpeval.errors"
                    yield f"{home}.{one}"
        else:
            yield from (f"cpeval.{name}.{one}" for one in thing.__all__)


def test_every_public_name_is_explained(explained):
    names = list(public_names())
    assert len(names) > 120
    assert [name for name in names if name not in explained] == []


@pytest.mark.parametrize(
    "name",
    ["Study.at", "Study.from_toml", "Result.plot", "Instrument.to_redcap", "SiteMoments.to_json",
     "EgoNetworks.metrics", "Simulation.joined", "fidelity.Profile.heat_map"],
)  # fmt: skip
def test_methods_are_explained(explained, name):
    assert f"cpeval.{name}" in explained


def test_every_instrument_has_a_page_with_its_columns_and_licence(site):
    for name in cpeval.instruments():
        page = (site / "instruments" / f"{name}.html").read_text(encoding="utf-8")
        assert "Licence." in page
        for column in cpeval.instrument(name).columns:
            assert f">{column}<" in page, (name, column)


def test_every_command_is_explained(site):
    page = (site / "reference" / "command-line.html").read_text(encoding="utf-8")
    for command in ("evaluate", "check", "score", "instruments", "new"):
        assert f"cpeval {command}" in page
