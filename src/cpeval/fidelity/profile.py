"""`profile`: fidelity of each site (and team), component by component, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.definitions.model import Instrument
from cpeval.errors import (
    OptionError,
    did_you_mean,
    listed,
    require_level,
    require_option,
)
from cpeval.fidelity.assessments import Agreed, Floats
from cpeval.fidelity.occasion_order import in_words
from cpeval.fidelity.place_means import PlaceMeans, mean_of_places, place_means
from cpeval.fidelity.placed_units import OWN_LAST, PlacedUnits, last_occasion, placed_units
from cpeval.fidelity.shareable import units_are_people
from cpeval.people.rows import require_study
from cpeval.result import Result
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Below this many units, figures of a place are not for sharing.
FEW_UNITS = 5
#: Below this many degrees of freedom, an interval is wide because little is known of the spread.
FEW_DF = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Profile(Result):
    """Fidelity by place: from `profile`.

    Attributes
    ----------
    table : pandas.DataFrame
        term ("programme", "site" or "team"), site, team (with ``by="team"``), scale, label,
        estimate, se, df, ci_low, ci_high, n (units), n_clusters (teams, or units without teams
        between; sites, of the programme), small (units are people or
        workers, and 1 to 4: not for sharing).
    items : pandas.DataFrame
        A row a place and item: site (the team, in a study without sites), item (its code), label,
        estimate (the mean over units), n.
    instrument : Instrument
    occasion : object
        The occasion that the profile is of; None without occasions; "each unit's own last date"
        where it is of those.
    """

    items: pd.DataFrame
    instrument: Instrument
    occasion: object

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the components one below the other: the programme's interval and each site.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.

        Notes
        -----
        Of more than six sites, the sites are grey dots without names or intervals.
        """
        from cpeval.plots.fidelity_profile import dots

        return dots(self.table, ax=ax)

    def heat_map(self, ax: Axes | None = None) -> Axes:
        """Draw the mean of each item (down) in each site (across), with its value.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.fidelity_profile import heat_map

        codes = [
            code for item in self.instrument.items for code in self.instrument.answers(item).codes
        ]
        return heat_map(self.items, (min(codes), max(codes)), ax=ax)


def profile(
    agreed: Agreed,
    study: Study | None = None,
    *,
    by: str = "site",
    occasion: object = None,
    spread: str = "pooled",
    level: float = 0.95,
) -> Profile:
    r"""Average agreed ratings by site (and team), with intervals that respect the nesting.

    Parameters
    ----------
    agreed : Agreed
        From `triangulate`.
    study : Study, optional
        Says which columns are site and team; by default that of ``agreed``.
    by : {"site", "team"}
        The finest places to list. The programme and the sites are listed either way.
    occasion : optional
        One of the occasions; by default the last. Where occasions are dates and units were rated
        on different ones, the default is each unit's own last.
    spread : {"pooled", "own"}
        Where errors come from: one variance of teams' means within sites, for all sites; or each
        site's own teams. Two teams of one's own say next to nothing of their spread (1 degree of
        freedom); pooled, they lean on the other sites', which is too narrow for a site whose
        teams differ more than others'.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    Profile

    Raises
    ------
    OptionError, LevelError
        An argument is wrong, no such occasion, or ``agreed`` is none.
    ColumnError
        The agreed ratings have no column of sites or teams.
    TooFewError
        No unit has a score at the occasion.

    Notes
    -----
    Units (people, say) of one team are alike, so they are not independent pieces of evidence on
    their site: errors are of teams' means, see `place_means`. They speak of what the site's
    teams would be found to do, not only these teams. Where the unit is the team itself, or there
    is no column of teams, units stand in their place; likewise where no site has two teams, with
    a warning. A team's own interval takes its units as independent. The programme is the mean of
    the sites, each counting once, by t on their number less 1. Intervals are cut at the ends of
    the scale.

    Cover, by simulation of 5 sites of 2 teams: see docs/fidelity.md.

    Examples
    --------
    >>> import cpeval as cp
    >>> made = cp.simulate(seed=1)
    >>> ratings = made.joined("fidelity").query("arm == 'CP'")
    >>> agreed = cp.fidelity.triangulate(ratings, "connecting_people", made.study,
    ...                                  informant="informant", assessor="assessor")
    >>> total = cp.fidelity.profile(agreed).table.query("scale == 'connecting_people'")
    >>> total[["term", "n", "n_clusters"]].head(2).to_dict("list")
    {'term': ['programme', 'site'], 'n': [63, 11], 'n_clusters': [5, 11]}
    """
    if not isinstance(agreed, Agreed):
        raise OptionError(
            f"'agreed' must be what cp.fidelity.triangulate returns. Got {type(agreed).__name__}."
        )
    study = agreed.study if study is None else study
    require_study(study)
    require_option("by", by, ("site", "team"))
    require_option("spread", spread, ("pooled", "own"))
    require_level(level)
    when = _occasion(agreed, occasion)
    there = placed_units(agreed, study, by, when)
    rows: list[pd.DataFrame] = []
    counted = []
    for number, (name, y) in enumerate(zip(agreed.instrument.columns, there.scores.T, strict=True)):
        scale = agreed.instrument.scored[number]
        made = _scale_rows(there, y, by, scale.range, pooled=spread == "pooled", level=level)
        rows.append(made.assign(scale=name, label=scale.label, order=number))
        counted.append(made)
    table = pd.concat(rows, ignore_index=True)
    levels = {"programme": 0, "site": 1, "team": 2}
    table["rank"] = table["term"].map(levels)
    keys = ["rank", "site_order", "team_order", "order"]
    table = table.sort_values(keys, kind="stable").reset_index(drop=True)
    table["small"] = table["n"].between(1, FEW_UNITS - 1) & units_are_people(agreed)
    columns = [
        "term",
        "site",
        *(["team"] if "team" in (by, there.site_word) else []),
        "scale",
        "label",
        "estimate",
    ]
    columns += ["se", "df", "ci_low", "ci_high", "n", "n_clusters", "small"]
    return Profile(
        table=table[columns],
        note=_note(agreed, there, when, spread, level),
        warnings=tuple(_warnings(there, table, spread)),
        items=_items(agreed, there),
        instrument=agreed.instrument,
        occasion=when,
    )


def _occasion(agreed: Agreed, occasion: object) -> object:
    if agreed.occasion is None:
        if occasion is not None:
            raise OptionError("The agreed ratings have no occasions, so leave out occasion=.")
        return None
    if occasion is None:
        return last_occasion(agreed)
    if occasion not in agreed.occasions:
        raise OptionError(
            f"There is no occasion {occasion!r}{did_you_mean(occasion, agreed.occasions)}. "
            f"Occasions: {listed(agreed.occasions)}."
        )
    return occasion


def _scale_rows(
    there: PlacedUnits,
    y: Floats,
    by: str,
    ends: tuple[float, float] | None,
    *,
    pooled: bool,
    level: float,
) -> pd.DataFrame:
    """The rows of one scale: programme, sites, teams."""
    known = np.flatnonzero(~np.isnan(y))
    y, site, team = y[known], there.site[known], there.team[known]
    units = np.arange(known.size)
    of_sites = place_means(y, site, there.cluster[known], len(there.sites), pooled=pooled)
    mean, se, df = mean_of_places(of_sites.estimate)
    whole = PlaceMeans(
        estimate=np.array([mean]),
        se=np.array([se]),
        df=np.array([df]),
        n=np.array([known.size]),
        n_clusters=np.array([int((of_sites.n > 0).sum())]),
    )
    none: list[object] = [None]
    frames = [
        _frame("programme", whole, level, ends, none, [-1], none, [-1]),
        _frame(
            there.site_word,
            of_sites,
            level,
            ends,
            there.sites if there.site_word == "site" else none * len(there.sites),
            range(len(there.sites)),
            there.sites if there.site_word == "team" else none * len(there.sites),
            range(len(there.sites)),
        ),
    ]
    if by == "team" and there.site_word == "site":
        of_teams = place_means(y, team, units, len(there.teams), pooled=pooled)
        homes = [home for home, _ in there.teams]
        frames.append(
            _frame(
                "team",
                of_teams,
                level,
                ends,
                [there.sites[home] for home in homes],
                homes,
                [name for _, name in there.teams],
                range(len(there.teams)),
            )
        )
    return pd.concat(frames, ignore_index=True)


def _frame(
    term: str,
    means: PlaceMeans,
    level: float,
    ends: tuple[float, float] | None,
    site: list[object],
    site_order: object,
    team: list[object],
    team_order: object,
) -> pd.DataFrame:
    low, high = means.interval(level, ends)
    return pd.DataFrame(
        {
            "term": term,
            "site": pd.Series(site, dtype=object),
            "team": pd.Series(team, dtype=object),
            "site_order": site_order,
            "team_order": team_order,
            "estimate": means.estimate,
            "se": means.se,
            "df": means.df,
            "ci_low": low,
            "ci_high": high,
            "n": means.n,
            "n_clusters": means.n_clusters,
        }
    )


def _items(agreed: Agreed, there: PlacedUnits) -> pd.DataFrame:
    """Average each item in each site."""
    x = agreed.agreed[there.rows]
    known: NDArray[np.bool_] = ~np.isnan(x)
    shape = (len(there.sites), x.shape[1])
    n, sums = np.zeros(shape), np.zeros(shape)
    np.add.at(n, there.site, known.astype(float))
    np.add.at(sums, there.site, np.where(known, x, 0.0))
    mean = np.divide(sums, n, out=np.full(shape, np.nan), where=n > 0)
    items, n_sites = agreed.instrument.items, len(there.sites)
    return pd.DataFrame(
        {
            "site": pd.Series(there.sites, dtype=object).repeat(len(items)).to_numpy(),
            "item": [item.code for item in items] * n_sites,
            "label": [item.label for item in items] * n_sites,
            "estimate": mean.ravel(),
            "n": n.ravel().astype(np.intp),
        }
    )


def _note(agreed: Agreed, there: PlacedUnits, when: object, spread: str, level: float) -> str:
    at = "" if when is None else f" at {in_words(when)}"
    if when is OWN_LAST:
        dates = agreed.cells[agreed.occasion].iloc[there.rows]
        at += f" ({in_words(dates.min())} to {in_words(dates.max())})"
    absent = f" {there.n_absent} more have no ratings then." if there.n_absent else ""
    how = (
        f"one variance of {there.cluster_word}' means for all {there.site_word}s"
        if spread == "pooled"
        else f"CR2 errors with Satterthwaite's df from each {there.site_word}'s own "
        f"{there.cluster_word} (Bell & McCaffrey 2002)"
    )
    return (
        f"{agreed.instrument.title}: means of agreed ratings (rule {agreed.rule}) over "
        f"{there.rows.size} units ({agreed.unit[-1]}) in {len(there.sites)} "
        f"{there.site_word}{'s' if len(there.sites) > 1 else ''}"
        f"{at}.{absent} {100 * level:g} % t intervals: {how}; the programme's is of "
        f"{there.site_word}s' means, each counting once."
    )


def _warnings(there: PlacedUnits, table: pd.DataFrame, spread: str) -> list[str]:
    said = []
    word = there.site_word
    if len(there.arms) > 1:
        said.append(
            f"Units of several arms are among these: {listed(there.arms)}. A profile of the "
            "programme wants the rows of its own arm alone."
        )
    if there.left_out:
        said.append(f"Left out: {', '.join(there.left_out)}.")
    if there.alone:
        said.append(
            "No site has two teams, so intervals are of units: they say how sure the mean of this "
            "team is, not what another team of the site would do."
        )
    if len(there.sites) == 1:
        said.append(f"There is one {word}, so the programme's mean has no interval.")
    sites = table[table["term"] == word]
    names = sites["site"] if word == "site" else sites["team"]
    few = names[sites["n_clusters"].between(1, 2)].drop_duplicates().tolist()
    if few and spread == "own":
        said.append(
            f"{listed(few)} {'has' if len(few) == 1 else 'have'} two {there.cluster_word} or fewer "
            "for some scale: the interval is very wide, or there is none."
        )
    elif few:
        said.append(
            f"{listed(few)} {'has' if len(few) == 1 else 'have'} two {there.cluster_word} or fewer "
            f"for some scale: the interval is weak"
            + (f", and leans on the spread in other {word}s." if len(there.sites) > 1 else ".")
        )
    shaky = sites["df"].min()
    if shaky < FEW_DF:
        said.append(
            f"Intervals rest on as few as {shaky:.3g} degrees of freedom: what is known of the "
            "spread is little."
        )
    bare = int((table["estimate"].notna() & table["se"].isna()).sum())
    if bare:
        said.append(
            f"Of {bare} {'mean' if bare == 1 else 'means'} there is no interval: too few "
            f"{there.cluster_word} or {word}s, or all alike, so nothing says how sure they are."
        )
    small = table[table["small"]]
    if len(small):
        which = small["site"].where(small["site"].notna(), small["team"]).dropna()
        said.append(
            f"Fewer than {FEW_UNITS} units stand behind some figures"
            f"{f' of {listed(which.drop_duplicates())}' if len(which) else ''} (column small): "
            "don't share these, they may tell of a person."
        )
    return said
