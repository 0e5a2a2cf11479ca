"""How many of those rated are low, moderate or high: counts alone, nobody's own category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cpeval import fidelity
from cpeval.errors import DataError, TooFewError, listed
from cpeval.fidelity.assessments import Agreed, Ratings, long_table
from cpeval.fidelity.rated_scales import item_points
from cpeval.fidelity.who_rates import CONSENSUS
from cpeval.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from cpeval.definitions.scales import Scale
    from cpeval.fidelity.classify import Classification, Error
    from cpeval.fidelity.generalisability import Generalisability

#: With fewer units their variance, and so the chance of a category, is anyone's guess.
FEWEST_UNITS = 5
_WORDS = {"person": "people", "worker": "workers", "team": "teams", "site": "sites"}
_WITHOUT = "Or take 'cuts' out of [fidelity]: the rest of the report needs none."


@dataclass(frozen=True, kw_only=True, eq=False)
class DeliveryClasses(Result):
    """Categories of delivery at the last occasion, without a row for any unit.

    Attributes
    ----------
    table : pandas.DataFrame
        First a row a category: term ("category"), scale, category, starts_at (its lowest score),
        n (units put there by their score), estimate (their share), expected (units truly there:
        the sum of chances), expected_share. Then rows that have an estimate alone: accuracy,
        consistency, kappa (as `cpeval.fidelity.classify` says), and sem, the standard error of
        measurement in points.
    units : str
        What was rated: "people", "workers", "teams", "sites".
    occasion : object
        The last one; None without occasions.
    """

    units: str
    occasion: object

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each category's share, as observed and as expected.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.category_shares import category_shares

        return category_shares(self.table[self.table["term"] == "category"], ax=ax)


def delivery_classes(
    agreed: Agreed, ratings: Ratings, cuts: Mapping[str, float], scale: str
) -> DeliveryClasses:
    """Count units by category, with the error that the informants' ratings show.

    Parameters
    ----------
    agreed : Agreed
        Its last occasion is classified.
    ratings : Ratings
        From which the error comes: those of that occasion.
    cuts : mapping
        Category to where it starts.
    scale : str
        The scale of which they are, under its column's name.

    Raises
    ------
    TooFewError
        One informant and one assessor; fewer than `FEWEST_UNITS` units; ratings that don't differ.
    DataError
        Scores below the lowest category.
    """
    here = agreed.table["scale"] == scale
    if agreed.occasion is not None:
        here &= agreed.table[agreed.occasion] == agreed.occasions[-1]
    scores = agreed.table[here].dropna(subset=["estimate"])
    word = _word(agreed)
    if len(scores) < FEWEST_UNITS:
        raise TooFewError(
            f"{len(scores)} {word} have a score that may be classified; {FEWEST_UNITS} or more are "
            f"needed to see how far scores err. Have more rated. {_WITHOUT}"
        )
    _require_above(scores, cuts, agreed.key)
    error, design = _error(agreed, ratings, scores, scale)
    found = fidelity.classify(scores[["estimate"]], cuts=cuts, error=error)
    return DeliveryClasses(
        table=_table(found, scale),
        note=_note(found, design, agreed, word),
        warnings=(*design.warnings, *found.warnings),
        units=word,
        occasion=agreed.occasions[-1] if agreed.occasions else None,
    )


def _word(agreed: Agreed) -> str:
    study, unit = agreed.study, agreed.unit[-1]
    return next((word for role, word in _WORDS.items() if getattr(study, role) == unit), "units")


def _require_above(scores: pd.DataFrame, cuts: Mapping[str, float], key: tuple[str, ...]) -> None:
    name, lowest = next(iter(cuts.items()))
    low = scores[scores["estimate"] < lowest - 1e-9 * max(1.0, abs(lowest))]
    if len(low):
        whose = [
            f"{' '.join(map(str, unit))} ({score:g})"
            for *unit, score in low[[*key, "estimate"]].itertuples(index=False)
        ]
        raise DataError(
            f"Scores below {lowest:g}, where the lowest category {name!r} starts: "
            f"{listed(whose, most=5)}. Give it a lower start in 'cuts' under [fidelity], or "
            "correct the ratings."
        )


def _error(
    agreed: Agreed, ratings: Ratings, scores: pd.DataFrame, scale: str
) -> tuple[Error, Generalisability]:
    """Divide the ratings' variance; of the units that have a score alone."""
    one = ratings.instrument
    of = one.scored[one.columns.index(scale)]
    key = list(agreed.key)
    units = scores[key].drop_duplicates().reset_index(drop=True)
    sheets = ratings.sheets.reset_index(drop=True)
    place = sheets[key].merge(units.assign(unit=np.arange(len(units))), on=key, how="left")["unit"]
    codes = [item.code for item in one.items]
    inside = np.isin(codes, one.items_of(of)) if additive(of) else np.zeros(len(codes), bool)
    if inside.sum() > 1:
        points = item_points(one, ratings.given)[:, inside]
        # A sum is its number of items times their mean, on which a G study's error is.
        points = points * (points.shape[1] if of.combine == "sum" else 1)
        names = [code for code, there in zip(codes, inside, strict=True) if there]
    else:
        estimate = ratings.table["estimate"].to_numpy(dtype=float)
        points = estimate.reshape(len(sheets), -1)[:, [one.columns.index(scale)]]
        names = [scale]
    own = (place.notna() & (sheets[ratings.informant] != CONSENSUS)).to_numpy()
    if ratings.occasion is not None:
        own = own & (sheets[ratings.occasion] == agreed.occasions[-1]).to_numpy()
    keep = own & ~np.isnan(points).all(axis=1)
    rater, column = _rater(sheets[keep], ratings)
    who = pd.DataFrame({"unit": place, rater: sheets[column]})[keep]
    long = long_table(who, {"item": names}, {"rating": points[keep]}).dropna(subset=["rating"])
    # Further assessors of an informant are averaged, as they are in the agreed score.
    long = long.groupby(["unit", rater, "item"], sort=False)[["rating"]].mean().reset_index()
    facets = [rater, "item"] if len(names) > 1 else [rater]
    study = fidelity.generalisability(long, unit="unit", facets=facets)
    if agreed.rule == "observer_first" and rater == "informant":
        levels: Any = {rater: 1, **({"item": len(names)} if len(names) > 1 else {})}
        return fidelity.decision_study(study, levels), study
    return study, study


def additive(scale: Scale) -> bool:
    """Say whether a scale is a plain sum or mean of its items."""
    changed = (scale.weights, scale.lookup, scale.linear, scale.of, scale.terms)
    return scale.combine in ("sum", "mean") and all(one is None for one in changed)


def _rater(sheets: pd.DataFrame, ratings: Ratings) -> tuple[str, str]:
    """Return who rated, and their column: informants if there are several, else assessors."""
    for role in ("informant", "assessor"):
        column = getattr(ratings, role)
        if column is not None and len(sheets[column].dropna().unique()) > 1:
            return role, column
    who = listed(sheets[ratings.informant].unique())
    raise TooFewError(
        f"All ratings are by one informant ({who}) and one assessor, so how far they err can't be "
        "seen. Have each unit rated by two informants or more, or by two assessors (a column that "
        f"'assessor' under [fidelity] names). {_WITHOUT}"
    )


def _table(found: Classification, scale: str) -> pd.DataFrame:
    summary = found.summary
    rows = pd.DataFrame(
        {
            "term": "category",
            "scale": scale,
            "category": summary["category"],
            "starts_at": list(found.cuts.values()),
            "n": summary["n"].astype(float),
            "estimate": summary["share"],
            "expected": summary["expected"],
            "expected_share": summary["expected"] / summary["n"].sum(),
        }
    )
    terms = ("accuracy", "consistency", "kappa", "sem")
    rest = pd.DataFrame({"term": terms, "scale": scale})
    rest["estimate"] = [float(getattr(found, term)) for term in terms]
    return pd.concat([rows, rest], ignore_index=True)


def _note(found: Classification, design: Generalisability, agreed: Agreed, word: str) -> str:
    where = ", ".join(f"{name} from {start:g}" for name, start in found.cuts.items())
    how = (
        "one informant's score"
        if agreed.rule == "observer_first"
        else "a mean over those who rated and over items, whatever the rule of agreement"
    )
    return (
        f"{word.capitalize()} by category of their score ({where}). Expected: the sum of each "
        "one's chances of being truly there; true scores regressed to the mean (Kelley, 1947). "
        f"The error is that of {how}, from a generalisability study "
        f"({design.design.text}; {design.method}). Accuracy: chance that the category is the true "
        "one; consistency: chance that a second rating of the same kind gives the same "
        "(after Livingston & Lewis, 1995; Lee, Hanson & Brennan, 2002)."
    )
