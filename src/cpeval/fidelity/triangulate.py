"""`triangulate`: what several informants' ratings of a unit come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.errors import DataError, OptionError, require_option
from cpeval.fidelity.assessments import Agreed, Floats, Ratings, long_table
from cpeval.fidelity.choosing import Choice, by_consensus, by_observer
from cpeval.fidelity.consensus import Consensus
from cpeval.fidelity.rated_scales import (
    items_in_scales,
    require_codes_where_needed,
    scale_scores,
)
from cpeval.fidelity.rules import Rule, called, checked_weights, median, weighted
from cpeval.fidelity.score import as_ratings
from cpeval.fidelity.stacked import Stacked, absent_informants, stacked
from cpeval.fidelity.who_rates import CONSENSUS
from cpeval.number_agreement import counted
from cpeval.numeric import eager
from cpeval.scoring.item_columns import Items
from cpeval.scoring.uses import Which
from cpeval.study import Study

RULES = ("median", "weighted", "consensus", "observer_first")


def triangulate(
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
    rule: str | Rule = "median",
    weights: Mapping[object, float] | None = None,
    consensus: Consensus | IntoDataFrame | None = None,
    observer: object = "observer",
    otherwise: str | None = None,
) -> Agreed:
    """Make one rating of each item, and from these the scales, out of several informants'.

    Parameters
    ----------
    data : eager dataframe or Ratings
        As `score` takes it; or what `score` returned, which needs no argument from ``instrument``
        to ``on_invalid``.
    instrument, study, informant, assessor, occasion, items, item, rating, informants, duplicates, \
on_invalid
        As `score` takes them.
    rule : {"median", "weighted", "consensus", "observer_first"} or callable
        What an item's rating is, over the informants that rated it:

        - "median": of an even number, half way between the two in the middle.
        - "weighted": the mean by ``weights``. Where informants are missing, the weights of the
          others are scaled to sum to 1; ``n`` and ``missing`` say where.
        - "consensus": the recorded value; where none is, the rating that all gave (two at
          least, or the only one who can rate the item). Else it stays missing, is counted, and
          the units are named, unless ``otherwise`` says what to take.
        - "observer_first": the observer's. A unit without the observer is an error, unless
          ``otherwise`` says what to take; an item that the observer left out is then taken so
          too, and else stays missing.
        - A function that takes an array of shape (n_informants, n_units, n_items), informants in
          the order of ``Ratings.informants`` without "consensus", NaN where one didn't rate;
          and returns the agreed ratings, shape (n_units, n_items). What nobody rated stays
          missing.
    weights : mapping, optional
        Informant to weight, for every informant; they sum to 1.
    consensus : Consensus or eager dataframe, optional
        Recorded values, from `read_consensus` or with the columns of unit, occasion, item and
        rating (by and on are kept too). Without, the ratings of an informant "consensus". Under
        any rule, that informant is not one of those that are combined or counted.
    observer : default "observer"
        What the informants' column calls the observer.
    otherwise : {"median", "weighted"}, optional
        What to take where "consensus" or "observer_first" has no rating.

    Returns
    -------
    Agreed
        ``table``: the unit's columns, occasion, scale, estimate, n, low, high, rule; ``items``
        likewise for items; ``missing``: units and occasions that lack informants.

    Raises
    ------
    As `score`, and:
    OptionError
        No such rule; weights that don't sum to 1, lack informants or name others; a rule of
        your own that returns something else; agreed ratings between codes for a scale that looks
        at codes alone.
    DataError
        Units without the observer (all named), an observer that is no informant; consensus
        values that don't fit.

    Notes
    -----
    Items first: informants rate different items, and leave out different ones. If each one's
    total were combined, an observer who can't see the hard items would seem more generous, and
    a team's total would not follow from the item scores on its feedback sheet. Several assessors
    of one kind of informant are averaged before, so that a second observer doesn't outvote the
    participant. Scales follow from agreed items by the definition's rules for missing items;
    where an item's points are no straight line, a rating between codes is worth what lies
    between theirs.

    Examples
    --------
    >>> import cpeval as cp
    >>> made = cp.simulate(seed=1)
    >>> agreed = cp.fidelity.triangulate(
    ...     made.joined("fidelity"), "connecting_people", made.study, informant="informant",
    ...     assessor="assessor", rule="weighted",
    ...     weights={"participant": 0.25, "worker": 0.25, "observer": 0.5})
    >>> agreed.table.columns[4:].tolist()
    ['wave', 'scale', 'estimate', 'n', 'low', 'high', 'rule']
    >>> agreed.missing["informants"].value_counts().index[0]
    'participant'
    """
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
    _require_rule(rule, weights, consensus, otherwise)
    ratings = as_ratings(data, instrument, study, given)
    raters = tuple(who for who in ratings.informants if who != CONSENSUS)
    stack = stacked(ratings, raters)
    combined = _combined(rule, otherwise, weights, raters, ratings)
    recorded = _recorded(consensus) if consensus is not None else None
    how = Choice(ratings, stack, raters, combined, otherwise is not None)
    if rule == "consensus":
        agreed, said = by_consensus(how, recorded)
    elif rule == "observer_first":
        agreed, said = by_observer(how, observer)
    else:
        agreed, said = combined(stack.ratings), []
    name = rule if isinstance(rule, str) else _named(rule)
    require_codes_where_needed(ratings.instrument, agreed, f"rule={name!r}")
    return _agreed(ratings, stack, raters, agreed, name, said, recorded, weights, otherwise)


def _named(rule: Rule) -> str:
    name = getattr(rule, "__name__", "")
    return name if name.isidentifier() else "own rule"


def _require_rule(rule: object, weights: object, consensus: object, otherwise: str | None) -> None:
    if not callable(rule):
        if rule in ("mean", "average"):
            raise OptionError(
                f"rule={rule!r} is rule='weighted' with equal weights=, which say how much each "
                "informant counts; or rule='median'."
            )
        require_option("rule", rule, (*RULES, "or a function of your own"))
    if otherwise is not None:
        require_option("otherwise", otherwise, ("median", "weighted"))
        if rule not in ("consensus", "observer_first"):
            raise OptionError(
                "otherwise= is for rule='consensus' and 'observer_first', which may have no rating."
            )
    if weights is not None and "weighted" not in (rule, otherwise):
        raise OptionError("weights= is for rule='weighted', or otherwise='weighted'.")
    if consensus is not None and rule != "consensus":
        raise OptionError("consensus= holds recorded values, which rule='consensus' takes.")


def _combined(
    rule: str | Rule,
    otherwise: str | None,
    weights: Mapping[object, float] | None,
    raters: Sequence[object],
    ratings: Ratings,
) -> Callable[[Floats], Floats]:
    """Return what makes one rating of several."""
    if not raters:
        raise DataError(
            f"Column {ratings.informant!r} holds {CONSENSUS!r} alone, so there are no informants."
        )
    if callable(rule):
        own, one = rule, ratings.instrument
        codes = [sorted(one.answers(item).codes) for item in one.items]
        return lambda x: called(own, x, [(some[0], some[-1]) for some in codes])
    if "weighted" in (rule, otherwise):
        each = checked_weights(weights, raters)
        return lambda x: weighted(x, each)
    return median


def _recorded(consensus: Consensus | IntoDataFrame) -> pd.DataFrame:
    table = consensus.table if isinstance(consensus, Consensus) else eager(consensus).to_pandas()
    return table.reset_index(drop=True)


def _agreed(
    ratings: Ratings,
    stack: Stacked,
    raters: tuple[object, ...],
    agreed: Floats,
    rule: str,
    said: list[str],
    recorded: pd.DataFrame | None,
    weights: Mapping[object, float] | None,
    otherwise: str | None,
) -> Agreed:
    one, x = ratings.instrument, stack.ratings
    there: NDArray[np.bool_] = ~np.isnan(x)
    if stack.averaged:
        require_codes_where_needed(one, x.reshape(-1, x.shape[2]), "The mean over assessors")
    own = scale_scores(one, x.reshape(-1, x.shape[2]))[0].reshape(*x.shape[:2], -1)
    rated_any = (there.reshape(-1, x.shape[2]) @ items_in_scales(one)).reshape(own.shape)
    table = long_table(
        stack.cells,
        {"scale": one.columns},
        {
            "estimate": scale_scores(one, agreed)[0],
            "n": rated_any.sum(axis=0),
            "low": np.fmin.reduce(own, axis=0),
            "high": np.fmax.reduce(own, axis=0),
        },
    )
    table["rule"] = pd.Series(rule, index=table.index, dtype="str")
    missing = absent_informants(np.asarray(there.any(axis=2)), raters, stack.cells)
    return Agreed(
        table=table,
        note=_note(ratings, len(stack.cells), raters, rule, weights, otherwise),
        warnings=(*ratings.warnings, *_warnings(said, stack, missing, table)),
        cells=stack.cells,
        agreed=agreed,
        counts=there.sum(axis=0),
        lows=np.fmin.reduce(x, axis=0),
        highs=np.fmax.reduce(x, axis=0),
        instrument=one,
        study=ratings.study,
        unit=ratings.unit,
        key=ratings.key,
        occasion=ratings.occasion,
        occasions=ratings.occasions,
        order_guessed=ratings.order_guessed,
        rule=rule,
        missing=missing,
        arms=ratings.arms,
        consensus=recorded,
    )


def _note(
    ratings: Ratings,
    n_cells: int,
    raters: tuple[object, ...],
    rule: str,
    weights: Mapping[object, float] | None,
    otherwise: str | None,
) -> str:
    combined = "weighted mean (weights " + (
        ", ".join(f"{who} {weight:g}" for who, weight in (weights or {}).items())
        + "; scaled where informants are missing)"
    )
    words = {
        "median": "the median",
        "weighted": f"the {combined}",
        "consensus": "the recorded consensus, or the rating that all gave",
        "observer_first": "the observer's rating",
    }
    how = words.get(rule, f"the rule {rule!r}")
    rest = {"median": ", otherwise the median", "weighted": f", otherwise the {combined}"}
    when = "" if ratings.occasion is None else f", by {ratings.occasion}"
    return (
        f"{ratings.instrument.title}: each item's rating is {how}"
        f"{rest[otherwise] if otherwise else ''} over {len(raters)} "
        f"{'informant' if len(raters) == 1 else 'informants'} "
        f"({', '.join(map(str, raters))}); scales follow from the agreed items. {n_cells} units "
        f"({ratings.unit[-1]}){when}. Low and high are the informants' own range."
    )


def _warnings(
    said: list[str], stack: Stacked, missing: pd.DataFrame, table: pd.DataFrame
) -> list[str]:
    found = list(said)
    if len(missing):
        by_whom = missing["informants"].value_counts().sort_index()
        shown = "; ".join(f"{who}: {n}" for who, n in by_whom.items())
        found.append(
            f"Informants are missing for {len(missing)} of {len(stack.cells)} units (and "
            f"occasions): {shown}. See .missing."
        )
    if stack.averaged:
        found.append(
            counted(
                stack.averaged,
                "{n} sheet[s] by further assessors [was|were] averaged with those of the same "
                "informant.",
            )
        )
    gone = int(table["estimate"].isna().sum())
    if gone:
        found.append(f"{gone} of {len(table)} scale scores are missing: too few agreed items.")
    return found
