"""Drawings show what the table holds, and change nothing else."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import cpeval as cp
from cpeval.errors import OptionError
from cpeval.plots.balance import balance
from cpeval.plots.criteria import against_bounds
from cpeval.plots.histogram import histogram
from cpeval.plots.intervals import contrasts, intervals
from cpeval.plots.means import means
from cpeval.plots.participants import participants
from cpeval.plots.style import DARK, GUIDE, OTHERS, marks, shown, styled


@pytest.fixture(autouse=True)
def agg():
    mpl.use("Agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def axes():
    return Figure(layout="constrained").subplots()


def ticks(ax, axis="y"):
    return [text.get_text() for text in getattr(ax, f"get_{axis}ticklabels")()]


ROWS = pd.DataFrame(
    {
        "group": ["a", "$b$ & $", "_c"],
        "estimate": [1.0, np.nan, 3.0],
        "ci_low": [0.5, np.nan, np.nan],
        "ci_high": [1.5, np.nan, np.nan],
    }
)


def test_intervals_draws_each_row():
    ax = intervals(ROWS, ax=axes(), labels={"a": "first"}, xlabel="cost in $ and $")
    assert ticks(ax) == ["first", "$b$ & $", " _c"]
    dots = ax.lines[-1]
    np.testing.assert_array_equal(dots.get_xdata(), ROWS["estimate"])
    spans = [segment.tolist() for segment in ax.collections[0].get_segments()]
    assert spans == [[[0.5, 0], [1.5, 0]]]
    assert ax.get_ylim() == (2.5, -0.5)  # the first row on top
    ax.figure.canvas.draw()  # dollar signs are no formula: nothing fails
    assert not ax.xaxis.label.get_parse_math()


def test_intervals_picks_the_more_telling_column():
    table = ROWS.assign(scale=["x", "y", "z"], coefficient="alpha")
    assert ticks(intervals(table, ax=axes())) == ["x", "y", "z"]
    assert ticks(intervals(table, ax=axes(), label="coefficient")) == ["alpha"] * 3
    with pytest.raises(OptionError, match="'label' must be one of 'group'"):
        intervals(table, ax=axes(), label="nothing")


def test_intervals_needs_estimates():
    with pytest.raises(OptionError, match="the table has no 'estimate', 'ci_low', 'ci_high'"):
        intervals(ROWS[["group"]], ax=axes())


def test_zero_is_drawn_on_request():
    assert len(intervals(ROWS, ax=axes()).lines) == 2
    assert len(intervals(ROWS, ax=axes(), zero=False).lines) == 1


def test_contrasts_say_which_minus_which():
    table = ROWS.assign(group=[1, 2, 3], reference=0)
    ax = contrasts(table, ax=axes(), labels={"1": "clinic", 0: "usual"})
    assert ticks(ax) == ["clinic − usual", "2 − usual", "3 − usual"]


def by_wave(waves):
    return pd.DataFrame(
        {
            "group": ["c"] * 2 + ["t"] * 2,
            "wave": [*waves, *waves],
            "n": [10, 7, 12, np.nan],
            "estimate": [1.0, 2, 3, 4],
            "ci_low": [0.0, 1, 2, np.nan],
            "ci_high": [2.0, 3, 4, np.nan],
        }
    )


def test_means_by_time_and_label():
    ax = means(
        by_wave([0, 24]),
        ax=axes(),
        group_labels={"c": "usual care"},
        wave_labels={"24": "2 years"},
        xlabel="Months",
        ylabel="CES-D",
    )
    assert ticks(ax, "x") == ["0", "2 years"]
    assert ax.get_xticks().tolist() == [0, 24]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["usual care", "t"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Months", "CES-D")
    first, second = ax.lines
    np.testing.assert_array_equal(first.get_ydata(), [1, 2])
    assert (first.get_xdata() < second.get_xdata()).all()
    for what in ("get_color", "get_marker", "get_linestyle"):
        assert getattr(first, what)() != getattr(second, what)()


def test_waves_that_are_text_stand_evenly():
    ax = means(by_wave(["t1", "t0"]), ax=axes())
    assert ticks(ax, "x") == ["t1", "t0"]
    assert ax.get_xticks().tolist() == [0, 1]


def test_one_group_needs_no_legend_and_one_wave_some_room():
    ax = means(by_wave([0, 1]).head(1), ax=axes())
    assert ax.get_legend() is None
    assert ax.get_xlim() == (-1, 1)


def test_people_are_counted_from_zero():
    ax = participants(by_wave([0, 6]), ax=axes())
    assert ax.get_ylim()[0] == 0
    assert ax.get_ylim()[1] > 12
    assert ax.get_ylabel() == "People"
    assert not ax.collections  # counts have no intervals


def test_balance_shows_a_row_a_variable_or_level():
    table = pd.DataFrame(
        {
            "term": ["age", "age", "sex", "sex"],
            "level": [None, None, "f", "f"],
            "group": ["t", "all", "t", "all"],
            "smd": [np.nan, 0.2, np.nan, -0.05],
        }
    )
    ax = balance(table, ax=axes(), labels={"age": "Age"}, value_labels={"sex": {"f": "women"}})
    assert ticks(ax) == ["Age", "sex: women"]
    np.testing.assert_array_equal(ax.lines[-1].get_xdata(), [0.2, -0.05])
    assert [line.get_xdata()[0] for line in ax.lines[:-1]] == [0, -0.1, 0.1]


def test_settings_are_as_before():
    before = dict(mpl.rcParams)
    means(by_wave([0, 1]), ax=axes())
    intervals(ROWS)
    assert dict(mpl.rcParams) == before


def test_given_axes_leave_pyplot_alone():
    import matplotlib.pyplot as plt

    ax = axes()
    assert means(by_wave([0, 1]), ax=ax) is ax
    assert plt.get_fignums() == []
    assert means(by_wave([0, 1])).figure.number == 1


def lightness(colour):
    """CIE L* of a colour, and its contrast on white (WCAG 2)."""
    channels = np.array(to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return 116 * np.cbrt(luminance) - 16, 1.05 / (luminance + 0.05)


def test_colours_can_be_told_apart_in_grey_and_on_white():
    assert all(lightness(c)[1] >= 3 for c in (GUIDE, DARK.colour, *(m.colour for m in OTHERS)))
    assert lightness(OTHERS[0].colour)[0] - lightness(DARK.colour)[0] >= 30


def test_every_group_has_a_mark_and_the_intervention_the_dark_one():
    assert marks(1) == [DARK]
    for n in (2, 3, 5, 9):
        found = marks(n)
        assert (len(found), found[-1]) == (n, DARK)
    assert len({(m.marker, m.line) for m in marks(5)}) == 5


def test_labels_are_found_by_value_or_text():
    assert shown(1, {1: "one"}) == shown(1, {"1": "one"}) == "one"
    assert shown("x") == "x"
    assert shown("_x", {"_x": "_y"}) == " _y"
    with styled():
        assert mpl.rcParams["text.parse_math"] is False


def without_estimates(tmp_path):
    """Results that are lists, not estimates."""
    ces_d = cp.instrument("ces_d")
    return {
        "catalogue": cp.instruments(),
        "codebook": ces_d.codebook(),
        "description": ces_d.describe(),
        "exported": ces_d.to_redcap(tmp_path / "d.csv"),
    }


@pytest.mark.parametrize("name", ["catalogue", "codebook", "description", "exported"])
def test_what_has_no_estimates_says_so(name, tmp_path):
    with pytest.raises(OptionError, match=r"no intervals to draw: the table has no 'estimate'"):
        without_estimates(tmp_path)[name].plot()


def test_bars_have_areas_of_people():
    bars = pd.DataFrame({"low": [0.0, 1.0, 5.0], "high": [1.0, 5.0, 7.0], "n": [5, 8, 0]})
    ax = histogram(bars, ax=axes(), xlabel="$x$")
    assert [bar.get_height() * bar.get_width() for bar in ax.patches] == [5, 8, 0]
    assert ax.get_xlabel() == "$x$"


def test_bounds_are_drawn_in_their_rows():
    table = ROWS.assign(statistic=["a", "b", "c"], bound=[0.7, np.nan, 2.0])
    ax = against_bounds(table, ax=axes(), labels={"a": "Alpha"})
    assert ticks(ax) == ["Alpha", "b", "c"]
    line = ax.lines[-1]
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([0.7, 2.0], [0, 2])
    with pytest.raises(OptionError, match="no coefficients to draw"):
        against_bounds(table.head(0), ax=axes())


@pytest.mark.slow
def test_a_notebook_shows_every_plot_and_not_the_first_alone(monkeypatch):
    """Its backend turns interactive mode on while the first figure is made, in our style."""
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.delenv("MPLBACKEND")
    made = "import pandas as pd; from cpeval.result import Result; r = Result(note='', table="
    made += "pd.DataFrame({'term': ['a'], 'estimate': [1.0], 'ci_low': [0.5], 'ci_high': [2.0]}))"
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(code) for code in (made, *["r.plot();"] * 3)]
    NotebookClient(notebook, timeout=60).execute()
    for cell in notebook.cells[1:]:
        assert [output.output_type for output in cell.outputs] == ["display_data"]
        assert "image/png" in cell.outputs[0].data
