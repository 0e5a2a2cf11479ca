"""`agreement`: how far informants, or the assessors of one, say the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import (
    DataError,
    OptionError,
    TooFewError,
    did_you_mean,
    listed,
    require_level,
)
from cpeval.fidelity.assessments import Floats, Ratings
from cpeval.fidelity.ordered_codes import Codes, coded, combined
from cpeval.fidelity.rated_scales import scale_scores
from cpeval.fidelity.score import as_ratings
from cpeval.fidelity.sheets import cells_of
from cpeval.fidelity.small_counts import (
    is_small,
    small_warning,
    units_are_people,
)
from cpeval.fidelity.stacked import cell_columns, informant_codes
from cpeval.fidelity.who_rates import CONSENSUS
from cpeval.measurement.raters.agreement import agreement as agreement_of_categories
from cpeval.measurement.raters.icc import icc
from cpeval.number_agreement import counted
from cpeval.progress import Steps
from cpeval.result import Result
from cpeval.scoring.item_columns import Items
from cpeval.scoring.uses import Which
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Below this many units, intervals are rough: they rest on large samples.
_FEW, _FEW_WORDS = 50, "fifty"
_COLUMNS = (
    "term",
    "scale",
    "item",
    "label",
    "site",
    "estimate",
    "ci_low",
    "ci_high",
    "n",
    "n_units",
    "why",
)
#: Below this many units no correlation is given: one unit would decide what it is.
_LEAST = 5
#: A coefficient: estimate, ends of its interval.
_Three = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class InformantAgreement(Result):
    """Agreement between informants: from `agreement`.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a scale (all sites, then site by site) and an item, and coefficient: term ("icc",
        "weighted_kappa", "gwet_ac"), scale, item (its code), label, site, estimate, ci_low,
        ci_high, n (subjects, a unit on an occasion each, that two or more rated), n_units (the
        units among these: fewer than n where units were rated on several occasions), why (why
        there is no estimate), small (1 to 4 people: not for sharing).
    raters : tuple of str
        Who is compared.
    n_alone : int
        Units and occasions that one or none of them rated.
    """

    raters: tuple[str, ...]
    n_alone: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the coefficients of all sites together, scales first, with their intervals.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.intervals import intervals

        drawn = self.table[self.table["site"].isna() & self.table["estimate"].notna()]
        names = drawn["label"] + " (" + drawn["term"].str.replace("_", " ") + ")"
        return intervals(
            drawn.assign(label=names).reset_index(drop=True),
            ax=ax,
            label="label",
            xlabel="Agreement",
        )


def agreement(
    data: IntoDataFrame | Ratings,
    instrument: Which | None = None,
    study: Study | None = None,
    *,
    informant: str | None = None,
    assessor: str | None = None,
    occasion: str | None = None,
    items: Items = None,
    item: str | None = None,
    rating: str | None = None,
    informants: Sequence[object] | None = None,
    duplicates: str | None = None,
    on_invalid: str | None = None,
    of: object = None,
    by_site: bool = True,
    level: float = 0.95,
) -> InformantAgreement:
    """Say how far informants agree on each scale, item and site.

    Parameters
    ----------
    data : eager dataframe or Ratings
        As `score` takes it, or what it returned.
    instrument, study, informant, assessor, occasion, items, item, rating, informants, duplicates, \
on_invalid
        As `score` takes them.
    of : optional
        One of the informants, whose assessors are to be compared (two observers of a team).
        By default the informants are compared, each by the first of its assessors.
    by_site : bool, default True
        Whether to give the scales site by site too, if the study and data have sites.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    InformantAgreement

    Raises
    ------
    As `score`, and:
    OptionError, LevelError
        ``of`` without assessor, or no such informant; a level that is none.
    TooFewError
        Fewer than two raters to compare.

    Notes
    -----
    A subject is a unit on an occasion. Of scales: the intraclass correlation for absolute
    agreement of one rating, ICC2 [1]_, with the generalised interval, which holds with few raters
    (`cpeval.measurement.icc`). Of items: Cohen's weighted kappa (Conger's, of more than two
    raters) and Gwet's AC2 [2]_, quadratic weights over all the item's codes, and intervals that
    take raters as fixed (`cpeval.measurement.agreement`). Kappa falls where nearly all ratings are
    alike; AC doesn't. Occasions of one unit count as separate subjects, so with several the
    intervals are too narrow: pass the rows of one. Ratings of an informant "consensus" are passed
    over. Where a coefficient can't be had (no spread; of an ICC, fewer than 5
    units), ``why`` says so.

    References
    ----------
    .. [1] Shrout & Fleiss (1979). Psychological Bulletin, 86(2), 420-428.
    .. [2] Gwet (2014). Handbook of Inter-Rater Reliability, 4th ed. Advanced Analytics.

    Examples
    --------
    >>> import cpeval as cp
    >>> made = cp.simulate(seed=1)
    >>> data = made.joined("fidelity").query("wave == 't1'")
    >>> found = cp.fidelity.agreement(data, "connecting_people", made.study, by_site=False,
    ...                               informant="informant", assessor="assessor")
    >>> found.table.iloc[0][["term", "scale"]].tolist(), found.table.estimate.round(2)[0].item()
    (['icc', 'connecting_people'], 0.85)
    """
    require_level(level)
    given = {
        "informant": informant,
        "assessor": assessor,
        "occasion": occasion,
        "items": items,
        "item": item,
        "rating": rating,
        "informants": informants,
        "duplicates": duplicates,
        "on_invalid": on_invalid,
    }
    ratings = as_ratings(data, instrument, study, given)
    sheet, raters, n_more = _compared(ratings, of)
    one = ratings.instrument
    blank = np.full((1, ratings.given.shape[1]), np.nan)
    given_items = np.concatenate([ratings.given, blank])[sheet]
    scores = scale_scores(one, ratings.given)[0]
    given_scales = np.concatenate([scores, np.full((1, scores.shape[1]), np.nan)])[sheet]
    scales = list(zip(one.columns, one.scored, strict=True))
    rows: list[dict[str, object]] = []
    site, sites = _sites(ratings, sheet)
    unit = _units(ratings)
    everyone = np.ones(len(sheet), dtype=bool)
    groups = [(None, everyone), *((s, site == k) for k, s in enumerate(sites) if by_site)]
    with Steps() as step:
        for place, who in groups:
            step("Scales" if place is None else f"Scales of {place}")
            rows += [
                _row(
                    "icc",
                    x,
                    unit[who],
                    _icc,
                    raters,
                    level,
                    scale=name,
                    label=scale.label,
                    site=place,
                )
                for (name, scale), x in zip(scales, _each(given_scales[who]), strict=True)
            ]
        for part, x in zip(one.items, _each(given_items), strict=True):
            step(f"Item {part.code}")
            codes = sorted(one.answers(part).codes)
            rows += _item_rows(x, unit, codes, raters, level, item=part.code, label=part.label)
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    table["small"] = is_small(
        table["n_units"], people=units_are_people(ratings.unit, ratings.study)
    )
    twice = (~np.isnan(given_items)).any(axis=2).sum(axis=1) >= 2
    n_alone, n_units = int((~twice).sum()), np.unique(unit[twice]).size
    return InformantAgreement(
        table=table,
        note=_note(ratings, raters, int(twice.sum()), n_units, of, level),
        warnings=(
            *_warnings(table, len(twice), n_alone, n_more, ratings, of),
            *small_warning(table["small"]),
        ),
        raters=tuple(raters),
        n_alone=n_alone,
    )


def _compared(ratings: Ratings, of: object) -> tuple[Codes, list[str], int]:
    """Return each cell's sheet by each rater (-1 for none), who they are, and sheets passed over.

    Shape (n_cells, n_raters).
    """
    if of is None:
        who = [name for name in ratings.informants if name != CONSENSUS]
        layer = informant_codes(ratings, who)
        names = [str(name) for name in who]
    else:
        if ratings.assessor is None:
            raise OptionError(f"of={of!r} compares assessors, and no assessor= was named.")
        if of not in ratings.informants:
            raise OptionError(
                f"of={of!r} is no informant{did_you_mean(of, ratings.informants)}. "
                f"Informants: {listed(ratings.informants)}."
            )
        code, people = coded(ratings.sheets[ratings.assessor])
        layer = np.where(informant_codes(ratings, [of]) == 0, code, -1)
        there = np.unique(layer[layer >= 0])
        names = [str(people[k]) for k in there]
        rank = np.full(len(people) + 1, -1)
        rank[there] = np.arange(there.size)
        layer = rank[layer]
    cell, first = cells_of(ratings.sheets, cell_columns(ratings))
    sheet = np.full((first.size, len(names)), -1, dtype=np.intp)
    rows = np.flatnonzero(layer >= 0)[::-1]  # the first of several stays
    sheet[cell[rows], layer[rows]] = rows
    rated = [k for k in range(len(names)) if (sheet[:, k] >= 0).any()]
    if len(rated) < 2:
        what = "informants" if of is None else f"assessors of {of!r}"
        raise TooFewError(
            f"Agreement needs two {what}. There {'is' if len(rated) == 1 else 'are'} "
            f"{len(rated)}: {listed([names[k] for k in rated]) or 'none'}."
        )
    return sheet[:, rated], [names[k] for k in rated], rows.size - int((sheet >= 0).sum())


def _each(values: Floats) -> Sequence[Floats]:
    """Subjects by raters, one array for each scale or item of shape (n, raters, k)."""
    return [values[:, :, k] for k in range(values.shape[2])]


def _sites(ratings: Ratings, sheet: Codes) -> tuple[Codes, list[object]]:
    """Return each cell's site, and the sites."""
    column = ratings.study.site
    if column not in ratings.unit:
        return np.zeros(len(sheet), dtype=np.intp), []
    _, first = cells_of(ratings.sheets, cell_columns(ratings))
    return coded(ratings.sheets[column].iloc[first])


def _units(ratings: Ratings) -> Codes:
    """Return each cell's unit."""
    _, first = cells_of(ratings.sheets, cell_columns(ratings))
    cells = ratings.sheets.iloc[first]
    return combined(*(coded(cells[name])[0] for name in ratings.key))[0]


def _row(
    term: str,
    x: Floats,
    unit: Codes,
    how: Callable[[pd.DataFrame, float], _Three],
    raters: Sequence[str],
    level: float,
    **about: object,
) -> dict[str, object]:
    """Compute one coefficient, or say why there is none."""
    used, table = _table(x, raters)
    n_units = np.unique(unit[(~np.isnan(x)).sum(axis=1) >= 2]).size
    none: dict[str, object] = {"scale": None, "item": None, "site": None, "why": None}
    try:
        if len(used.columns) < 2:
            raise TooFewError("Fewer than two raters.")
        if term == "icc" and table < _LEAST:
            raise TooFewError(f"Fewer than {_LEAST} units say next to nothing of agreement.")
        estimate, low, high = how(used, level)
        if np.isnan(estimate):
            none["why"] = "no spread"
    except DataError as error:
        estimate, low, high = np.nan, np.nan, np.nan
        none["why"] = str(error)
    numbers = {"estimate": estimate, "ci_low": low, "ci_high": high, "n": table, "n_units": n_units}
    return {"term": term, **none, **about, **numbers}


def _table(x: Floats, raters: Sequence[str]) -> tuple[pd.DataFrame, int]:
    """Return the raters who rated anything, as columns, and how many subjects two rated."""
    there = ~np.isnan(x)
    kept = np.flatnonzero(there.any(axis=0))
    frame = pd.DataFrame(x[:, kept], columns=[raters[k] for k in kept.tolist()])
    return frame, int((there.sum(axis=1) >= 2).sum())


def _icc(table: pd.DataFrame, level: float) -> _Three:
    made = icc(table, level=level).generalised
    row = made[made["coefficient"] == "ICC2"].iloc[0]
    return float(row["estimate"]), float(row["ci_low"]), float(row["ci_high"])


def _item_rows(
    x: Floats,
    unit: Codes,
    codes: list[float],
    raters: Sequence[str],
    level: float,
    **about: object,
) -> list[dict[str, object]]:
    """Kappa and AC of one item, from one analysis."""
    found: dict[str, _Three] = {}

    def both(table: pd.DataFrame, level: float) -> _Three:
        made = agreement_of_categories(table, weights="quadratic", categories=codes, level=level)
        rows = made.table.set_index("coefficient")
        kappa = "cohen_kappa" if "cohen_kappa" in rows.index else "conger_kappa"
        for term, name in (("weighted_kappa", kappa), ("gwet_ac", "gwet_ac")):
            one = rows.loc[name, ["estimate", "ci_low", "ci_high"]].to_numpy(dtype=float)
            found[term] = (float(one[0]), float(one[1]), float(one[2]))
        return found["weighted_kappa"]

    kappa = _row("weighted_kappa", x, unit, both, raters, level, **about)
    if not found:
        return [kappa, {**kappa, "term": "gwet_ac"}]
    ac = _row("gwet_ac", x, unit, lambda *_: found["gwet_ac"], raters, level, **about)
    return [kappa, ac]


def _note(
    ratings: Ratings, raters: Sequence[str], n: int, n_units: int, of: object, level: float
) -> str:
    who = "informants" if of is None else f"assessors of {of!r}"
    shown = ", ".join(raters[:10]) + (f" and {len(raters) - 10} more" if len(raters) > 10 else "")
    several = f", {n} when each occasion counts," if n > n_units else ""
    words = "on {n} unit[s] ({what}){several} that two or more rated. "
    counts = counted(n_units, words, what=ratings.unit[-1], several=several)
    return (
        f"{ratings.instrument.title}: agreement between {len(raters)} {who} ({shown}) "
        f"{counts}Scales: ICC for "
        "absolute agreement of one rating, generalised interval (Shrout & Fleiss 1979); items: "
        f"weighted kappa and Gwet's AC, quadratic weights (Gwet 2014). {100 * level:g} % intervals."
    )


def _warnings(
    table: pd.DataFrame, n_cells: int, n_alone: int, n_more: int, ratings: Ratings, of: object
) -> list[str]:
    said = []
    if n_alone:
        words = "{n} of {n_cells} units and occasions [was|were] rated by one or none."
        said.append(counted(n_alone, words, n_cells=n_cells))
    if n_more and of is None:
        said.append(
            counted(
                n_more,
                "{n} sheet[s] by further assessors of an informant [was|were] passed over; of= "
                "compares an informant's assessors.",
            )
        )
    none = int(table["estimate"].isna().sum())
    if none:
        said.append(f"{none} of {len(table)} coefficients can't be had; the column why says why.")
    few = table["n"].between(1, _FEW - 1) & table["estimate"].notna()
    if few.any():
        said.append(
            counted(
                int(few.sum()),
                "Intervals of {n} coefficient[s] are rough: below {few} units they can be far off.",
                few=_FEW_WORDS,
            )
        )
    if ratings.occasion is not None and len(coded(ratings.sheets[ratings.occasion])[1]) > 1:
        said.append(
            "Occasions of one unit count as separate, so intervals are too narrow; pass the rows "
            "of one occasion for exact ones."
        )
    return said
