"""Sociograms and maps show who is there, where they should be, and no names."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from matplotlib.figure import Figure

import cpeval as cp
from cpeval.errors import ColumnError, CpevalError, DataError, OptionError, WaveError
from cpeval.networks.sectors import sectors
from cpeval.networks.sociogram import sociogram

#: Positions are cosines and sines of the same numbers.
ATOL = 1e-12


@pytest.fixture(autouse=True)
def agg():
    mpl.use("Agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture(scope="module")
def study():
    made = cp.simulate(seed=1)
    return cp.EgoNetworks(made.egos, made.alters, made.ties, wave="wave")


@pytest.fixture(scope="module")
def karate(reference, from_graph):
    """Zachary's club: alters by faction, and by the contexts in which they met the ego."""
    made = from_graph(reference["karate"]["edges"]).to_tables()
    club = {int(node): name for node, name in reference["karate"]["club"].items()}
    alters = made.alters.assign(club=made.alters["alter"].map(club))
    return cp.EgoNetworks(made.egos, alters, made.ties)


def small(n, **columns):
    """One ego with n alters, all of whom know the next one, and one who named nobody."""
    alters = pd.DataFrame({"ego": "Ann Lee", "alter": [f"Bo {k}" for k in range(n)]})
    alters = alters.assign(**columns)
    ties = pd.DataFrame(
        {
            "ego": "Ann Lee",
            "source": [f"Bo {k}" for k in range(n - 1)],
            "target": [f"Bo {k}" for k in range(1, n)],
        }
    )
    return cp.EgoNetworks(pd.DataFrame({"ego": ["Ann Lee", "Zoë"]}), alters, ties)


def layout(networks, ego=None, **options):
    standard = {"circles": None, "inner": "highest", "by": None, "size": None, "label": None}
    return sociogram(networks, ego, **({"wave": None, "names": False} | standard | options))


def texts(ax):
    """All that is written in a picture."""
    found = [text.get_text() for text in ax.texts]
    if ax.get_legend() is not None:
        found += [text.get_text() for text in ax.get_legend().get_texts()]
        found.append(ax.get_legend().get_title().get_text())
    return found


def drawn(ax, gid):
    return [c for c in ax.collections if (c.get_gid() or "").startswith(gid)]


def dots(ax):
    return np.concatenate([c.get_offsets() for c in drawn(ax, "alters")])


def test_shows_the_alters_and_ties_of_real_networks(karate, reference):
    edges = {frozenset(edge[:2]) for edge in reference["karate"]["edges"]}
    for ego in (1, 34):
        near = sorted(next(iter(e - {ego})) for e in edges if ego in e)
        ties = [frozenset(p) for p in combinations(near, 2) if frozenset(p) in edges]
        ax = karate.plot(ego, circles="strength", by="club", names=True)
        assert len(dots(ax)) == len(near)
        (lines,) = drawn(ax, "ties")
        assert len(lines.get_segments()) == len(ties)
        # A tie ends where its two alters are: names say who these are.
        (panel,) = layout(karate, ego, circles="strength", by="club", names=True).panels
        assert sorted(map(int, panel.label)) == near
        assert sorted(sorted(int(panel.label[k]) for k in tie) for tie in panel.ties) == sorted(
            map(sorted, ties)
        )
        spots = np.column_stack([panel.x, panel.y])
        np.testing.assert_allclose(lines.get_segments(), spots[panel.ties], atol=ATOL)


def test_rings_are_in_the_order_of_the_values(karate):
    strength = karate.to_tables().alters.query("ego == 1")["strength"].to_numpy()
    (panel,) = layout(karate, 1, circles="strength").panels
    radius = np.hypot(panel.x, panel.y)
    # More contexts in common are nearer; the same are as near.
    assert len(np.unique(radius.round(9))) == len(np.unique(strength))
    for a, b in combinations(range(strength.size), 2):
        assert np.sign(round(radius[b] - radius[a], 9)) == np.sign(strength[a] - strength[b])
    (panel,) = layout(karate, 1, circles="strength", inner="lowest").panels
    assert np.corrcoef(np.hypot(panel.x, panel.y), strength)[0, 1] > 0.99


def test_alters_lie_between_their_rings():
    known = [3.0, 1.0, np.nan, 2.0] * 15
    drawing = layout(small(60, near=known), "Ann Lee", circles="near")
    assert [ring.label for ring in drawing.rings] == ["3", "2", "1", "?"]
    edges = np.array([0.16, *(ring.radius for ring in drawing.rings)])
    (panel,) = drawing.panels
    expected = [{3.0: 0, 2.0: 1, 1.0: 2}.get(value, 3) for value in known]
    np.testing.assert_array_equal(np.searchsorted(edges, np.hypot(panel.x, panel.y)) - 1, expected)
    assert "? is not known" in drawing.notes[0]


def test_numbers_of_many_values_are_on_a_scale():
    values = np.array([0.5, 2.0, 3.25, 4.0, 5.5, 6.1, 7.7, 9.9, 10.5])
    drawing = layout(small(9, near=values), "Ann Lee", circles="near")
    (panel,) = drawing.panels
    radius = np.hypot(panel.x, panel.y)
    # By hand: from the rim, 1, to 0.26 for the largest.
    np.testing.assert_allclose(radius, 0.26 + 0.74 * (10.5 - values) / 10, atol=ATOL)
    assert [ring.label for ring in drawing.rings] == ["10", "8", "6", "4", "2"]


def test_text_needs_an_order(study):
    people = study.select(alters={"kind": "person"})
    with pytest.raises(OptionError, match=r"'relation' holds text, .* inner=\[...\]"):
        people.plot("P0001", circles="relation")
    order = ["family", "friend", "neighbour", "colleague", "acquaintance"]
    drawing = layout(people, "P0001", circles="relation", inner=order)
    assert [ring.label for ring in drawing.rings] == order
    with pytest.raises(DataError, match="not among the categories"):
        people.plot("P0001", circles="relation", inner=order[:-1])
    with pytest.raises(OptionError, match="'inner' must be"):
        people.plot("P0001", circles="closeness", inner="middle")
    alters = pd.Categorical(["low", "high"], categories=["low", "high"], ordered=True)
    drawing = layout(small(2, near=alters), "Ann Lee", circles="near")
    assert [ring.label for ring in drawing.rings] == ["high", "low"]


def test_an_alter_keeps_its_number_and_direction_between_waves(study):
    alters = study.to_tables().alters
    drawing = layout(study, ["P0001", "P0005"], circles="closeness", by="kind", names=True)
    assert len(drawing.panels) == 4
    for before, after in (drawing.panels[:2], drawing.panels[2:]):
        one = dict(zip(before.label, zip(before.number, before.angle, strict=True), strict=True))
        two = dict(zip(after.label, zip(after.number, after.angle, strict=True), strict=True))
        stayed = one.keys() & two.keys()
        assert stayed
        assert all(one[name] == two[name] for name in stayed)
        everyone = one | two
        # Each alter has its own number and direction, though some are never there together.
        assert sorted(int(number) for number, _ in everyone.values()) == list(
            range(1, len(everyone) + 1)
        )
        assert len({round(angle, 9) for _, angle in everyone.values()}) == len(everyone)
    # One wave alone is drawn as it was beside the other.
    alone = layout(study, "P0001", wave="t1", circles="closeness", by="kind", names=True).panels[0]
    np.testing.assert_allclose(alone.x, drawing.panels[1].x, atol=ATOL)
    assert set(alone.label) == set(alters.query("ego == 'P0001' and wave == 't1'")["alter"])


def test_who_moves_between_groups_stays_in_place_and_changes_shape():
    # Rows of the second wave stand first.
    alters = pd.DataFrame(
        {
            "ego": 1,
            "wave": [1, 1, 1, 0, 0, 0],
            "alter": ["a", "b", "c", "a", "b", "c"],
            "relation": ["kin", "kin", "pal", "pal", None, "pal"],
        }
    )
    networks = cp.EgoNetworks(pd.DataFrame({"ego": 1, "wave": [0, 1]}), alters, wave="wave")
    before, after = layout(networks, 1, by="relation").panels
    assert before.group.tolist() == [1, -1, 1]
    assert after.group.tolist() == [0, 0, 1]
    np.testing.assert_allclose(before.angle, after.angle)
    # By the first group that is known: b among kin, then a and c among pals.
    assert before.number.tolist() == [2, 1, 3]


def test_sectors_by_hand():
    # Two groups of two, and one who is in none and comes last: five places, a gap after each group.
    place, angle = sectors(np.array([1, -1, 0, 1, 0]), np.arange(5))
    assert place.tolist() == [2, 4, 0, 3, 1]
    # Seven places in the 315 degrees that a gap of 45 at the top leaves, clockwise from there.
    expected = {0: 0, 1: 1, 2: 3, 3: 4, 4: 6}
    degrees = [90 - 22.5 - 45 * (expected[k] + 0.5) for k in place.tolist()]
    np.testing.assert_allclose(np.degrees(angle), degrees, atol=1e-9)
    one = sectors(np.array([0]), np.array([0]))[1]
    np.testing.assert_allclose(np.degrees(one), [-90], atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 30), st.integers(0, 2**32 - 1))
def test_the_order_of_rows_changes_nothing(n, seed):
    random = np.random.default_rng(seed)
    groups = random.choice(["a", "b", "c"], n)
    networks = small(n, near=random.integers(1, 5, n), group=groups)
    tables = networks.to_tables()
    shuffled = cp.EgoNetworks(*(t.sample(frac=1, random_state=seed % 1000) for t in tables))
    options = {"circles": "near", "by": "group", "names": True}
    (one,), (two,) = (layout(x, "Ann Lee", **options).panels for x in (networks, shuffled))
    order, other = np.argsort(one.number), np.argsort(two.number)
    np.testing.assert_allclose(one.x[order], two.x[other], atol=ATOL)
    np.testing.assert_allclose(one.y[order], two.y[other], atol=ATOL)
    assert [one.label[k] for k in order] == [two.label[k] for k in other]
    # Groups are sectors: going round, each comes once.
    around = one.group[order]
    assert np.count_nonzero(np.diff(around)) == max(len(set(groups)) - 1, 0)
    assert (np.diff(one.angle[order]) < 0).all()


def test_ids_are_sorted_as_people_do():
    networks = small(12)
    (panel,) = layout(networks, "Ann Lee", names=True).panels
    names = [panel.label[k] for k in np.argsort(panel.number)]
    assert names == [f"Bo {k}" for k in range(12)]


def test_no_name_is_shown_unless_asked():
    networks = small(5, called=[f"Zelda {k}" for k in range(5)], relation="kin")
    for ax in (networks.plot(), networks.plot("Ann Lee", by="relation", label="relation")):
        assert not any("Bo" in text or "Ann" in text or "Zo" in text for text in texts(ax))
    assert "kin" in texts(ax)
    shown = texts(networks.plot(names=True))
    assert {"Ann Lee", "Zoë", "Bo 4"} <= set(shown)
    named = cp.EgoNetworks(*networks.to_tables(), name="called")
    assert "Zelda 2 (kin)" in texts(named.plot("Ann Lee", names=True, label="relation"))
    for option in ("circles", "by", "size", "label"):
        for column in ("alter", "called", "ego"):
            with pytest.raises(OptionError, match=f"{option}='{column}' would show ids or names"):
                named.plot("Ann Lee", **{option: column})
    with pytest.raises(OptionError, match="'names' must be True or False"):
        networks.plot(names="yes")


HOSTILE = ["$\\frac$", "_x", "<b>&amp;</b>", "a\nb\tc\x07", "", "ß Ж ب", "=1+1", "x" * 500]


def test_hostile_names_are_only_text():
    alters = pd.DataFrame({"ego": "$e$", "alter": HOSTILE, "relation": HOSTILE, "x": range(8)})
    egos = cp.EgoNetworks(pd.DataFrame({"ego": ["$e$"]}), alters)
    ax = egos.plot(by="relation", label="relation", names=True, circles="x")
    ax.figure.canvas.draw()
    shown = texts(ax)
    assert "$e$" in shown
    assert "$\\frac$ ($\\frac$)" in {t.replace("1 ", "", 1) for t in shown} | set(shown)
    assert not any("\n" in text for text in shown if not text.startswith("Circles"))
    assert max(map(len, [text.get_text() for text in ax.texts])) < 60
    assert not any(text.get_parse_math() for text in ax.texts)
    assert len(ax.get_legend().get_texts()) == len(HOSTILE)


@pytest.mark.parametrize("n", [0, 1, 2, 60, 300])
def test_any_number_of_alters_can_be_drawn(n):
    networks = small(n, kind=["person", "place"] * (n // 2) + ["place"] * (n % 2), importance=2)
    for ax in (networks.plot("Ann Lee", by="kind"), networks.map("Ann Lee"), networks.plot()):
        ax.figure.canvas.draw()
        assert sum(len(c.get_offsets()) for c in drawn(ax, "alters")) == n
        assert len(drawn(ax, "ego")) in (1, 2)


@pytest.mark.parametrize("near", [[1, 2, 3, 4, 5] * 12, [3] * 59 + [1]])
def test_sixty_alters_do_not_cover_each_other(near):
    networks = small(60, near=near)
    ax = networks.plot("Ann Lee", circles="near")
    ax.figure.canvas.draw()
    spots = ax.transData.transform(dots(ax)) * 72 / ax.figure.dpi
    gaps = np.hypot(*(spots[:, None] - spots).transpose(2, 0, 1))
    diameter = max(np.sqrt(c.get_sizes()).max() for c in drawn(ax, "alters"))
    assert gaps[~np.eye(60, dtype=bool)].min() > 0.9 * diameter
    assert len([text for text in ax.texts if text.get_text().isdecimal()]) >= 60


def test_groups_differ_without_colour():
    networks = small(10, by=list("abcdefghij"))
    ax = networks.plot("Ann Lee", by="by")
    handles = ax.get_legend().legend_handles
    assert len({handle.get_marker() for handle in handles}) == 10
    with pytest.raises(OptionError, match="'by' has 11 groups, which would look alike"):
        small(11, by=list("abcdefghijk")).plot("Ann Lee", by="by")


def test_missing_groups_and_sizes_are_said():
    networks = small(3, kind=["person", None, "place"], importance=[1, 5, None])
    ax = networks.map("Ann Lee")
    shown = texts(ax)
    assert "not known" in shown
    assert any("Size: importance; not known of 1, drawn smallest" in text for text in shown)
    tables = networks.to_tables()
    no_ties = cp.EgoNetworks(tables.egos, tables.alters).plot()
    assert any("Nobody was asked who knows whom" in text for text in texts(no_ties))


def test_a_map_shows_importance_by_size_or_circle(karate):
    # Here factions are the kinds, and contexts in common the importance.
    ax = karate.map(34, kind="club", size="strength")
    own = karate.to_tables().alters.query("ego == 34")
    areas = {}
    (panel,) = layout(karate, 34, by="club", size="strength").panels
    for collection in drawn(ax, "alters"):
        for spot, area in zip(collection.get_offsets(), collection.get_sizes(), strict=True):
            areas[tuple(np.round(spot, 9))] = area
    found = [areas[tuple(np.round(spot, 9))] for spot in np.column_stack([panel.x, panel.y])]
    width = np.sqrt(found)
    slope = np.polyfit(own["strength"], width, 1)
    np.testing.assert_allclose(np.polyval(slope, own["strength"]), width, rtol=1e-9)
    assert slope[0] > 0
    counts = own["club"].value_counts().to_dict()
    assert sorted(len(c.get_offsets()) for c in drawn(ax, "alters")) == sorted(counts.values())
    ax = karate.map(34, kind="club", size=None, circles="strength")
    assert all(len(set(c.get_sizes().round(9))) == 1 for c in drawn(ax, "alters"))


def test_a_map_takes_the_kind_and_importance_that_were_named(karate):
    tables = karate.to_tables()
    known = cp.EgoNetworks(*tables, kind="club", importance="strength")

    def seen(ax):
        return [
            (c.get_offsets().tolist(), c.get_sizes().tolist(), c.get_facecolor().tolist())
            for c in drawn(ax, "alters")
        ]

    assert seen(known.map(34)) == seen(karate.map(34, kind="club", size="strength"))
    alike = seen(known.map(34, size=None))
    assert alike == seen(karate.map(34, kind="club", size=None))
    assert alike != seen(known.map(34))


def test_small_pictures_share_one_pair_of_axes(study):
    ax = study.plot(["P0006", "P0001"], circles="closeness", by="kind", ax=Figure().subplots())
    shown = texts(ax)
    for title in ("Ego 1, t0", "Ego 1, t1", "Ego 2, t0", "Ego 2, t1"):
        assert shown.count(title) == 1
    assert "No network" in shown  # the first ego was not there at the second wave
    n = len(study.to_tables().alters.query("ego in ['P0006', 'P0001']"))
    assert len(dots(ax)) == n


def test_strength_is_the_default_circle(from_graph, reference):
    networks = from_graph(reference["karate"]["edges"], weight="strength")
    assert layout(networks, 1).notes[0].startswith("Circles: strength")


def test_what_cannot_be_drawn_is_said(study):
    with pytest.raises(OptionError, match=r"no ego 'p0001' \(did you mean 'P0001'\?\)"):
        study.plot("p0001")
    with pytest.raises(OptionError, match="150 egos at 2 waves are 300 pictures"):
        study.plot()
    with pytest.raises(WaveError, match="No ego has the wave 't9'"):
        study.plot("P0001", wave="t9")
    with pytest.raises(WaveError, match="each once"):
        study.plot("P0001", wave=["t0", "t0"])
    with pytest.raises(OptionError, match="each once"):
        study.plot(["P0001", "P0001"])
    with pytest.raises(ColumnError, match="no column 'closenes'"):
        study.plot("P0001", circles="closenes")
    with pytest.raises(ColumnError, match="should hold numbers"):
        study.map("P0001", size="relation")
    with pytest.raises(ColumnError, match="no column 'kind'"):
        small(2).map("Ann Lee")
    with pytest.raises(OptionError, match="There are no waves"):
        small(2).plot("Ann Lee", wave="t0")
    empty = pd.DataFrame({"ego": []}), pd.DataFrame({"ego": [], "alter": []})
    with pytest.raises(CpevalError, match="There are no egos to draw"):
        cp.EgoNetworks(*empty).plot()
    with pytest.raises(DataError, match="Infinite values: 'near' in row 2"):
        small(2, near=[1, np.inf]).plot("Ann Lee", circles="near")


def test_takes_other_frames_and_leaves_them_alone(study):
    tables = study.to_tables()
    other = cp.EgoNetworks(*(pl.from_pandas(table) for table in tables), wave="wave")
    before = [table.copy() for table in study.to_tables()]
    one, two = (
        layout(x, "P0002", circles="closeness", by="kind", size="importance")
        for x in (study, other)
    )
    for a, b in zip(one.panels, two.panels, strict=True):
        np.testing.assert_allclose(a.x, b.x, atol=ATOL)
        np.testing.assert_allclose(a.size, b.size, atol=ATOL)
    study.map("P0002")
    for table, old in zip(study.to_tables(), before, strict=True):
        pd.testing.assert_frame_equal(table, old)


@pytest.mark.parametrize("n", [1, 12, 60])
def test_nothing_is_cut_off(n):
    networks = small(n, near=[1, 2, 3] * (n // 3) + [1] * (n % 3), relation="acquaintance")
    for options in ({}, {"names": True, "label": "relation"}):
        ax = networks.plot("Ann Lee", circles="near", by="relation", **options)
        ax.figure.canvas.draw()
        whole = ax.figure.bbox
        boxes = [text.get_window_extent() for text in ax.texts]
        legend = ax.get_legend().get_window_extent()
        for box in (*boxes, legend):
            assert box.x0 >= whole.x0 - 1
            assert box.x1 <= whole.x1 + 1
            assert box.y0 >= whole.y0 - 1
            assert box.y1 <= whole.y1 + 1
        # The legend stands below: it covers nobody.
        assert ax.transData.transform(dots(ax))[:, 1].min() > legend.y1
        assert not any(box.overlaps(legend) for box in boxes)
