"""Charts of very many sites keep to a size that a screen shows, and say what they left out."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import cpeval as cp

#: Inches that a picture may be high: 1,800 pixels at 100 an inch.
HIGHEST = 18.0


@pytest.fixture(autouse=True)
def agg():
    mpl.use("Agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def sites(n):
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"s": np.repeat(np.arange(n), 12)})
    data["arm"] = np.tile([0, 1], n * 6)
    return data.assign(y=rng.normal(0, 1, len(data)) + rng.normal(0, 1, n)[data["s"]] * data["arm"])


def ticks(ax):
    return [text.get_text() for text in ax.get_yticklabels()]


@pytest.mark.parametrize("n", [81, 2000])
def test_forest_of_many_sites(n):
    found = cp.sites.heterogeneity(cp.SiteMoments.from_data(sites(n), "y ~ arm", site="s"), "arm")
    ax = found.plot()
    assert ax.figure.get_size_inches()[1] <= HIGHEST
    assert ticks(ax) == ["All sites"]
    assert ax.get_ylabel() == f"{n:,} sites, in order of size"
    dots = ax.lines[1].get_xdata()
    np.testing.assert_array_equal(dots, np.sort(found.table["estimate"])[::-1])
    mean = ax.lines[2]
    assert mean.get_xdata().tolist() == found.pooled["estimate"].tolist()
    # Below all sites, within the picture.
    assert n < mean.get_ydata()[0] < ax.get_ylim()[0]


def test_forest_of_few_sites_names_them_in_their_order():
    found = cp.sites.heterogeneity(cp.SiteMoments.from_data(sites(80), "y ~ arm", site="s"), "arm")
    assert ticks(found.plot()) == [*map(str, range(80)), "All sites"]


def test_caterpillar_of_many_sites():
    ax = cp.sites.caterpillar(sites(2000), "y", site="s").plot()
    assert ax.figure.get_size_inches()[1] <= HIGHEST
    assert ticks(ax) == []
    assert ax.get_ylabel() == "2,000 sites, in order"
    named = cp.sites.caterpillar(sites(80), "y", site="s").plot()
    assert len(ticks(named)) == 80
    assert named.get_ylabel() == ""


def test_effects_of_many_sites():
    data = sites(300).assign(id=lambda d: range(len(d)))
    study = cp.Study(person="id", site="s", arm="arm", intervention=1)
    ax = cp.sites.effects(data, "y", study).plot()
    assert ax.figure.get_size_inches()[1] <= HIGHEST
    assert ax.get_ylabel() == "300 rows, too many to name"
