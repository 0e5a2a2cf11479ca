"""``[fidelity]`` of a study file carried out: how delivery was rated, site by site and in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from cpeval import fidelity
from cpeval.delivery_classes import delivery_classes
from cpeval.delivery_sheets import site_and_team_sheets
from cpeval.errors import (
    ColumnError,
    DataError,
    OptionError,
    ReadError,
    StudyError,
    TooFewError,
    did_you_mean,
    listed,
)
from cpeval.evaluated import Delivery, InstrumentNote
from cpeval.fidelity.assessments import Agreed
from cpeval.fidelity.consensus import Consensus
from cpeval.fidelity.consensus_values import as_text
from cpeval.fidelity.occasion_means import places
from cpeval.fidelity.placed_units import cells_at, last_occasion
from cpeval.fidelity.shareable import shareable, units_are_people
from cpeval.outcomes.fidelity_by_site import fidelity_by_site
from cpeval.reading.assembling import SourceFile, read_table
from cpeval.reading.joining import join
from cpeval.study_file import total_of

if TYPE_CHECKING:
    from cpeval.result import Result
    from cpeval.study_file import StudyFile

#: Drift needs so many occasions since the programme began: from before it to then is none.
_LATER = 2
#: Keys of ``[fidelity]`` that name columns.
_COLUMNS = ("informant", "assessor", "occasion", "item", "rating")


def load_ratings(plan: StudyFile) -> tuple[pd.DataFrame, list[SourceFile]]:
    """Read the file of ratings.

    Raises
    ------
    StudyError
        ``[fidelity]`` names columns that the file lacks: all of them at once.
    ReadError
        The file can't be read.
    """
    said = plan.fidelity
    assert said is not None
    spec = {
        "file": said.file,
        "missing": said.missing,
        "sheet": said.sheet,
        "decimal": said.decimal,
    }
    spec = {key: value for key, value in spec.items() if value is not None}
    ratings, files = read_table({**spec, "spare": [plan.study.person]}, plan.folder)
    columns = list(ratings.columns)
    named = {
        key: getattr(said, key) for key in ("informant", "assessor", "occasion", "item", "rating")
    }
    wrong = [
        f"- {key}: {name!r}{did_you_mean(name, columns)}"
        for key, name in named.items()
        if name is not None and name not in columns
    ]
    if wrong:
        raise StudyError(
            f"[fidelity] names columns that {said.file} lacks:\n"
            + "\n".join(wrong)
            + f"\nColumns there: {listed(columns, most=40)}."
        )
    return ratings, files


def load_consensus(plan: StudyFile) -> tuple[Consensus | None, list[SourceFile]]:
    """Read what a meeting settled, where the study file names its sheet.

    Raises
    ------
    ReadError
        The file can't be read.
    DataError
        The values can't be taken; the message names the file and the rows.
    """
    said = plan.fidelity
    if said is None or said.consensus is None:
        return None, []
    path = plan.folder / said.consensus
    if not path.is_file():
        raise ReadError(
            f"[fidelity] consensus: there is no file {said.consensus!r} beside the study file."
        )
    settled = fidelity.read_consensus(path, plan.rated)
    return settled, [SourceFile(said.consensus, path, *settled.table.shape)]


def agreed_of(
    plan: StudyFile,
    ratings: pd.DataFrame,
    everyone: pd.DataFrame,
    consensus: Consensus | None = None,
) -> tuple[Agreed, Agreed, int]:
    """Triangulate ratings, and take out what is of too few people.

    Parameters
    ----------
    plan : StudyFile
    ratings : pandas.DataFrame
        From `placed`.
    everyone : pandas.DataFrame
        The ratings as read, other arms' among them.
    consensus : Consensus, optional
        From `load_consensus`.

    Returns
    -------
    agreed : Agreed
        For analyses of each unit's last occasion, or of one that all share.
    by_date : Agreed
        For those of each occasion; the same where units share them.
    n_few : int
        Sites' occasions that had fewer than ``report.small_count`` people rated.

    Raises
    ------
    DataError
        The ratings have errors.
    """
    said = plan.fidelity
    assert said is not None
    given = said.model_dump(
        include={
            *("informant", "assessor", "occasion", "items", "item", "rating", "informants"),
            *("duplicates", "on_invalid", "rule", "weights", "observer", "otherwise"),
        },
        exclude_none=True,
    )
    if consensus is not None:
        given["consensus"] = _of_units(consensus.table, ratings, everyone, plan)
    agreed = fidelity.triangulate(ratings, plan.rated, plan.study, **given)
    limit = plan.report.small_count
    together, n_few = shareable(agreed, limit, last_together=True)
    return together, shareable(agreed, limit)[0], n_few


def _of_units(
    settled: pd.DataFrame, ratings: pd.DataFrame, everyone: pd.DataFrame, plan: StudyFile
) -> pd.DataFrame:
    """Leave out what was settled of units that were rated in arms that aren't analysed.

    Units that nobody rated stay: `triangulate` names them.
    """
    roles = ("person", "team", "site")
    unit = [name for role in roles if (name := plan.study.columns.get(role)) in everyone]
    if not unit or unit[0] not in settled:
        return settled
    kept, known = (set(as_text(table[unit[0]]).dropna()) for table in (ratings, everyone))
    return settled[~as_text(settled[unit[0]]).isin(known - kept).to_numpy()]


def placed(plan: StudyFile, ratings: pd.DataFrame, data: pd.DataFrame) -> pd.DataFrame:
    """Add what the study's data know of the unit: its site, team, worker and arm.

    And keep the ratings of the arm that the report is about.

    Raises
    ------
    ColumnError
        The file of ratings has no column that says what was rated.
    TooFewError
        No rating is of the intervention.
    """
    study, said = plan.study, plan.fidelity
    assert said is not None
    roles = {role: name for role, name in study.columns.items() if role != "wave"}
    key = next(
        (name for role in ("person", "team", "site") if (name := roles.get(role)) in ratings), None
    )
    if key is None:
        raise ColumnError(
            f"{said.file} has no column that says what was rated: {listed(roles.values())}. "
            f"Columns there: {listed(ratings.columns)}."
        )
    order = ["person", "worker", "team", "site"]
    finer = order[: order.index(next(r for r, n in roles.items() if n == key))]
    wanted = [
        name
        for role, name in roles.items()
        if role not in finer and name != key and name not in ratings and name in data
    ]
    known = data[[key, *wanted]].dropna(subset=[key]).drop_duplicates() if key in data else None
    if known is not None and wanted:
        # A team whose people are in several arms has none of its own.
        several = known[key].duplicated(keep=False)
        one = known[~several]
        some = known[several].groupby(key, sort=False, as_index=False).agg(_only)
        ratings = join(
            ratings, pd.concat([one, some]), on=key, expect="many-to-one", unmatched="keep"
        )
        ratings = ratings[ratings[said.informant].notna()]
    if study.arm is not None and said.arms == "intervention" and study.arm in ratings:
        ratings = ratings[ratings[study.arm] == study.intervention]
        if ratings.empty:
            raise TooFewError(
                f"No rating is of the intervention arm ({study.arm} = {study.intervention!r}). "
                'arms = "all" under [fidelity] takes all.'
            )
    return ratings.reset_index(drop=True)


def _only(values: pd.Series) -> object:
    """The one value there is, or none."""
    there = values.dropna().unique()
    return there[0] if len(there) == 1 else None


def deliver(
    plan: StudyFile,
    ratings: pd.DataFrame,
    data: pd.DataFrame,
    scored: pd.DataFrame,
    results: dict[str, Result],
    left_out: dict[str, str],
    note: InstrumentNote,
    consensus: Consensus | None = None,
) -> Delivery | None:
    """Analyse ratings into ``results``; errors go to ``left_out`` and don't stop the rest.

    Parameters
    ----------
    plan : StudyFile
    ratings, data, scored : pandas.DataFrame
        The ratings and the study's data as read, and these with scores.
    results : dict of str to Result
    left_out : dict of str to str
    note : InstrumentNote
        What to say of the fidelity scale.
    consensus : Consensus, optional
        From `load_consensus`.
    """
    try:
        here = placed(plan, ratings, data)
        agreed, by_date, n_few = agreed_of(plan, here, ratings, consensus)
    except (DataError, OptionError) as error:
        # What [fidelity] says of informants only their ratings can tell to be wrong.
        left_out["fidelity/profile"] = f"[fidelity]: {error}"
        return None
    for name, analysis in delivery_analyses(plan, agreed, by_date, n_few, here, scored):
        try:
            results[name] = analysis()
        except (DataError, OptionError) as error:
            left_out[name] = str(error)
    return delivery(plan, agreed, here, note)


def delivery_analyses(
    plan: StudyFile,
    agreed: Agreed,
    by_date: Agreed,
    n_few: int,
    ratings: pd.DataFrame,
    scored: pd.DataFrame,
) -> Iterator[tuple[str, Callable[[], Result]]]:
    """Yield every analysis of delivery that there are the columns for, by name, not yet run."""
    by_site, by_team = places(agreed)
    if by_site or by_team:
        yield "fidelity/profile", partial(_profile, agreed, n_few)
    if len(_since(agreed)) >= _LATER:
        yield "fidelity/drift", partial(_drift, by_date)
    yield "fidelity/agreement", partial(_agreement, plan, ratings, agreed)
    if plan.fidelity is not None and plan.fidelity.cuts is not None:
        yield "fidelity/classification", partial(_classification, plan, ratings, agreed)
    if by_site:
        yield "fidelity/outcome", partial(_outcome, plan, agreed, scored)


def _profile(agreed: Agreed, n_few: int) -> Result:
    made = fidelity.profile(agreed)
    if not n_few:
        return made
    few = f"Of {n_few} sites' occasions nothing is told: fewer people were rated than may be shown."
    return replace(made, warnings=(few, *made.warnings))


def _since(agreed: Agreed) -> list[object]:
    """Return the occasions but the one before the programme."""
    return [one for one in agreed.occasions if one != agreed.study.baseline]


def _drift(agreed: Agreed) -> Result:
    """Take the occasions after the baseline."""
    later = _since(agreed)
    if len(later) == len(agreed.occasions):
        return fidelity.drift(agreed)
    kept = agreed.cells[agreed.occasion].isin(later).to_numpy()
    n_scales = len(agreed.instrument.columns)
    some = replace(
        agreed,
        table=agreed.table[kept.repeat(n_scales)].reset_index(drop=True),
        cells=agreed.cells[kept].reset_index(drop=True),
        agreed=agreed.agreed[kept],
        counts=agreed.counts[kept],
        lows=agreed.lows[kept],
        highs=agreed.highs[kept],
        occasions=tuple(later),
    )
    return fidelity.drift(some)


def _agreement(plan: StudyFile, ratings: pd.DataFrame, agreed: Agreed) -> Result:
    """Compare informants at the last occasion (of dates, each unit's own last), by site too."""
    if agreed.occasion is not None:
        when = last_occasion(agreed)
        last = agreed.cells[cells_at(agreed, when)]
        cell = [*agreed.key, agreed.occasion]
        asked, known = (pd.MultiIndex.from_frame(table[cell]) for table in (ratings, last))
        ratings = ratings[asked.isin(known)]
    given = _as_read(plan)
    by_site = places(agreed)[0] is not None
    return fidelity.agreement(ratings, plan.rated, plan.study, by_site=by_site, **given)


def _classification(plan: StudyFile, ratings: pd.DataFrame, agreed: Agreed) -> Result:
    """Count low, moderate and high at the last occasion, over all sites."""
    assert plan.fidelity is not None
    assert plan.fidelity.cuts is not None
    scored = fidelity.score(ratings, plan.rated, plan.study, **_as_read(plan))
    return delivery_classes(agreed, scored, plan.fidelity.cuts, total_scale(agreed))


def _as_read(plan: StudyFile) -> dict[str, Any]:
    """Return how the ratings are to be read."""
    assert plan.fidelity is not None
    return plan.fidelity.model_dump(
        include={
            *("informant", "assessor", "occasion", "items", "item", "rating", "informants"),
            *("duplicates", "on_invalid"),
        },
        exclude_none=True,
    )


def _outcome(plan: StudyFile, agreed: Agreed, scored: pd.DataFrame) -> Result:
    """Put each site's fidelity beside the primary outcome there."""
    study = plan.study
    assert plan.fidelity is not None
    total = total_scale(agreed)
    # Delivery after the outcome could not have led to it.
    at_follow_up = study.follow_up in agreed.occasions and agreed.occasion == study.wave
    profile = fidelity.profile(agreed, occasion=study.follow_up if at_follow_up else None)
    rows = profile.table
    rows = rows[(rows["term"] == "site") & (rows["scale"] == total)].dropna(subset=["estimate"])
    of = dict(zip(rows["site"], rows["estimate"], strict=True))
    data = scored
    if study.arm is not None and plan.fidelity.arms == "intervention":
        data = scored[scored[study.arm] == study.intervention]
        study = replace(study, arm=None, intervention=None)
    found = fidelity_by_site(
        data, plan.outcomes.primary, study, of, small_count=plan.report.small_count
    )
    when = [
        f"{what} at {plan.values.get(column, {}).get(str(at), at)}"
        for what, column, at in (
            ("Delivery", agreed.occasion or "", profile.occasion),
            ("the outcome", study.wave or "", study.follow_up),
        )
        if at is not None
    ]
    said = ", ".join(when)
    return replace(found, when=said, note=f"{found.note} {said}." if said else found.note)


def total_scale(agreed: Agreed) -> str:
    """Return the scale that stands for all: the one with the most items."""
    return agreed.instrument.column(total_of(agreed.instrument))


def delivery(
    plan: StudyFile, agreed: Agreed, ratings: pd.DataFrame, note: InstrumentNote
) -> Delivery:
    """Return what the report says of the ratings, with a sheet for each site."""
    one, total = agreed.instrument, total_scale(agreed)
    said = plan.fidelity
    assert said is not None
    seen = set(ratings[said.informant].dropna().astype(str))
    wanted = [str(who) for who in said.informants or one.all_informants]
    silent = tuple(who for who in wanted if who not in seen)
    # Who never rated is lacking everywhere: said once, and not counted against the others.
    lacking = int((agreed.missing["n"] > len(silent)).sum())
    return Delivery(
        instrument=note,
        total=total,
        scales={
            one.column(scale): plan.labels.get(one.column(scale), scale.label)
            for scale in one.scored
        },
        range=one.scale(total).range,
        informants=tuple(who for who in wanted if who in seen),
        silent=silent,
        rule=agreed.rule,
        complete=1 - lacking / max(len(agreed.cells), 1),
        occasion=agreed.occasions[-1] if agreed.occasions else None,
        units_are_people=units_are_people(agreed),
        of_arm=plan.study.arm is not None and said.arms == "intervention",
        sheets=site_and_team_sheets(agreed, plan.report.small_count),
    )
