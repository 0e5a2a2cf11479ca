"""`evaluate()`: a study file in, an `Evaluation` out."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cpeval import (
    __version__,
    evaluated_delivery,
    evaluated_networks,
    measurement,
    outcomes as analyses,
)
from cpeval.checking.answers import OUTSIDE
from cpeval.checking.check import Check, check
from cpeval.definitions.model import Instrument
from cpeval.definitions.scales import Scale
from cpeval.errors import ColumnError, DataError, StudyError, TooFewError, did_you_mean, listed
from cpeval.evaluated import Evaluation, InstrumentNote, Outcome, Source
from cpeval.network_files import load_networks
from cpeval.progress import Steps
from cpeval.reading.assembling import SourceFile, read_table
from cpeval.reading.origin import origin_of, signed
from cpeval.reading.taken import taken
from cpeval.recoding import recoded
from cpeval.result import Result
from cpeval.scoring.item_columns import placed
from cpeval.scoring.score import item_points, score
from cpeval.study_file import StudyFile

if TYPE_CHECKING:
    from cpeval.study_file_tables import Kind

#: Whose versions a report names, so that a run can be repeated.
_LIBRARIES = ("numpy", "pandas", "narwhals", "scipy", "statsmodels", "pingouin", "seaborn")


def evaluate(study: str | Path) -> Evaluation:
    """Evaluate a programme as a study file says: read, check, score, analyse.

    Parameters
    ----------
    study : str or pathlib.Path
        The path of a ``study.toml``; ``cpeval new FOLDER`` makes one to start from.

    Returns
    -------
    Evaluation
        ``results`` by name, and ``report(out)``.

    Raises
    ------
    StudyError
        The study file has mistakes, or names columns that the data lack: all of them at once.
    ReadError
        A data file can't be read as what it is.
    DataError
        The data have errors; the message has all that `check` found.

    Examples
    --------
    >>> import cpeval as cp
    >>> evaluation = cp.evaluate("examples/help/study.toml")  # doctest: +SKIP
    >>> evaluation.report("build/help")  # doctest: +SKIP
    """
    plan = StudyFile.from_toml(study)
    with Steps() as step:
        step("Reading")
        data, sources = load(plan)
        tables, files = load_networks(plan)
        sources = (*sources, *map(_source, files))
        require_named(plan, list(data.columns), evaluated_networks.columns_of(tables))
        ratings, consensus = None, None
        if plan.fidelity is not None:
            ratings, files = evaluated_delivery.load_ratings(plan)
            consensus, more = evaluated_delivery.load_consensus(plan)
            sources = (*sources, *map(_source, [*files, *more]))
        step("Checking")
        checked = _checked(plan, data)
        checked.require_ok()
        step("Scoring")
        scored = _scored(plan, data)
        results: dict[str, Result] = {"data": checked}
        left_out: dict[str, str] = {}
        for name, analysis in _analyses(plan, data, scored):
            step(name)
            try:
                results[name] = analysis()
            except DataError as error:
                if name in _needed(plan):
                    raise type(error)(f"{name} can't be computed. {error}") from None
                left_out[name] = str(error)
        told = None
        if ratings is not None:
            step("fidelity")
            told = evaluated_delivery.deliver(
                plan, ratings, data, scored, results, left_out, _note(plan.rated), consensus
            )
        networks = None
        if tables is not None:
            step("networks")
            kinds = _covariates(plan, scored)
            networks = evaluated_networks.describe(plan, tables, scored, kinds, results, left_out)
    return Evaluation(
        title=plan.title,
        question=plan.question,
        study=plan.study,
        outcomes=tuple(_outcomes(plan)),
        covariates=tuple(plan.outcomes.covariates),
        results=results,
        labels={
            **(told.scales if told else {}),
            **evaluated_networks.labels(plan),
            **_labels(plan, data),
        },
        value_labels=_value_labels(plan, data),
        sources=sources,
        versions=_versions(),
        instruments=tuple(
            {
                note.name: note
                for note in (
                    *(_note(plan.instrument(name)) for name in plan.instruments),
                    *((told.instrument,) if told else ()),
                )
            }.values()
        ),
        small_count=plan.report.small_count,
        simulated=plan.simulated or bool(data.attrs.get("simulated")),
        left_out=left_out,
        delivery=told,
        networks=networks,
    )


def load(plan: StudyFile) -> tuple[pd.DataFrame, tuple[Source, ...]]:
    """Read and assemble the data of a study file, with a fingerprint of each file."""
    spec = plan.data.model_dump(exclude_none=True)
    spec |= {"wave": plan.study.wave or "wave", "spare": [plan.study.person]}
    data, files = read_table(spec, plan.folder)
    for name, use in plan.instruments.items():
        if use.recode:
            columns = placed(plan.instrument(name), use.items, list(data.columns))[1].values()
            origin = origin_of(data)
            data = recoded(data, columns, use.recode)
            if origin is not None:
                data.attrs["origin"] = signed(data, origin.parts)
    return data, tuple(map(_source, files))


def _source(file: SourceFile) -> Source:
    return Source(
        file=file.name, sha256=_sha256(file.path), n_rows=file.n_rows, n_columns=file.n_columns
    )


def check_study(study: str | Path) -> tuple[Check, list[str]]:
    """Check the data of a study file, and say what each file was read as.

    Returns
    -------
    Check
        As `check` gives it.
    list of str
        What reading took the files for, in sentences.

    Raises
    ------
    StudyError, ReadError
        As `evaluate` does.
    """
    plan = StudyFile.from_toml(study)
    data, _ = load(plan)
    tables, _ = load_networks(plan)
    require_named(plan, list(data.columns), evaluated_networks.columns_of(tables))
    return _checked(plan, data), taken(data)


def require_named(plan: StudyFile, columns: list[str], labelled: Iterable[str] = ()) -> None:
    """Raise one `StudyError` that names every column of the study file that the data lack.

    Columns ``labelled``, of other files, may have labels and values too.
    """
    scores = [column for name in plan.instruments for column in plan.instrument(name).columns]
    known = [*scores, *columns]
    places: dict[str, Iterable[str]] = {
        "outcomes": plan.outcomes.columns,
        "outcomes.covariates": plan.outcomes.covariates,
        "outcomes.better": plan.outcomes.better,
        "report.baseline": plan.report.baseline,
        "labels": plan.labels,
        "values": plan.values,
    }
    wrong = [
        f"- {place}: {name!r}{did_you_mean(name, known)}"
        for place, names in places.items()
        for name in names
        if name not in known and not (place in ("labels", "values") and name in labelled)
    ]
    wrong += [
        f"- {place}: {name!r} identifies people, so it can't describe them"
        for place, names in places.items()
        for name in names
        if name == plan.study.person and place in ("outcomes.covariates", "report.baseline")
    ]
    if wrong:
        # `check` would find these, but whoever corrects the file wants them now.
        wrong += [
            f"- study.{role}: {name!r}{did_you_mean(name, columns)}"
            for role, name in plan.study.columns.items()
            if name not in columns
        ]
        for name, use in plan.instruments.items():
            items = placed(plan.instrument(name), use.items, columns)[1].values()
            absent = [column for column in items if column not in columns]
            if absent:
                wrong.append(f"- instruments.{name}, items: {listed(absent, most=8)}")
        raise StudyError(
            "The study file names columns that neither the data nor the scores have, or that "
            "can't serve:\n"
            + "\n".join(wrong)
            + f"\nScores: {listed(scores) or 'none'}. "
            + f"Columns of the data: {listed(columns, most=40)}."
        )


def _checked(plan: StudyFile, data: pd.DataFrame) -> Check:
    """Check the data; where the study says so, an invalid answer is missing, not an error."""
    uses = {plan.instrument(name): use.items for name, use in plan.instruments.items()}
    found = check(data, plan.study, instruments=uses, outcomes=plan.outcomes.columns)
    lenient = {
        column
        for name, use in plan.instruments.items()
        if use.on_invalid == "missing"
        for column in placed(plan.instrument(name), use.items, list(data.columns))[1].values()
    }
    table = found.table.copy()
    excused = table["column"].isin(lenient) & (table["problem"] == OUTSIDE)
    table.loc[excused, "severity"] = "warning"
    table.loc[excused, "advice"] = "Treated as missing, as the study file says."
    return replace(found, table=table)


def _scored(plan: StudyFile, data: pd.DataFrame) -> pd.DataFrame:
    for name, use in plan.instruments.items():
        data = score(
            data,
            plan.instrument(name),
            items=use.items,
            on_invalid=use.on_invalid,
            weights=use.weights,
        )
    return data


def _analyses(
    plan: StudyFile, data: pd.DataFrame, scored: pd.DataFrame
) -> Iterator[tuple[str, Callable[[], Result]]]:
    """Every analysis that the study has the columns for, by name, not yet run."""
    study = plan.study
    yield "participants", partial(analyses.participants, scored, study)
    if plan.report.baseline:
        kinds = {c: _kind(plan, scored, c, k) for c, k in plan.report.baseline.items()}
        yield "baseline", partial(analyses.baseline, scored, study, kinds)
    if any(_scale(plan, column) for column in plan.outcomes.columns):
        yield "reliability", partial(_reliability, plan, data)
    covariates = _covariates(plan, scored)
    _require_few_categories(scored, [c for c, kind in covariates.items() if kind == "category"])
    for column in plan.outcomes.columns:
        yield f"{column}/means", partial(analyses.means, scored, column, study)
        for wave in study.follow_ups:
            at, end = study.at(wave), "" if wave == study.follow_up else f"/{wave}"
            if study.baseline is not None:
                yield f"{column}/change{end}", partial(analyses.change, scored, column, at)
            if study.arm is not None:
                # The study's main question is answered in several ways, the others in one.
                main = column == plan.outcomes.primary and not end
                compare = partial(analyses.compare, covariates=covariates, sensitivity=main)
                yield f"{column}/compare{end}", partial(compare, scored, column, at)
        if study.wave is None and study.arm is not None:
            main = column == plan.outcomes.primary
            compare = partial(analyses.compare, covariates=covariates, sensitivity=main)
            yield f"{column}/compare", partial(compare, scored, column, study)


def _covariates(plan: StudyFile, scored: pd.DataFrame) -> dict[str, str]:
    """What comparisons adjust for, and whether it is a number or a category."""
    return {c: _kind(plan, scored, c, k) for c, k in plan.outcomes.covariates.items()}


def _needed(plan: StudyFile) -> set[str]:
    """What a report can't do without: who took part, and the primary outcome."""
    return {"participants", *(f"{plan.outcomes.primary}/{a}" for a in ("means", "compare"))}


def _kind(plan: StudyFile, data: pd.DataFrame, column: str, kind: Kind) -> str:
    """A column whose values have labels, or aren't numbers, is a category."""
    if kind != "auto":
        return kind
    labelled = column in plan.values or column in data.attrs.get("value_labels", {})
    present = data[column].dropna()
    if present.dtype == object or isinstance(present.dtype, pd.StringDtype):
        numbers = pd.to_numeric(present, errors="coerce")
        if not labelled and len(present) and numbers.notna().all():
            raise ColumnError(
                f"{column!r} holds numbers stored as text. Make the column numbers in the file, "
                f'or say {{ {column} = "category" }} in the study file if it is categories.'
            )
    return "number" if pd.api.types.is_numeric_dtype(data[column]) and not labelled else "category"


def _require_few_categories(data: pd.DataFrame, covariates: Iterable[str]) -> None:
    """Refuse covariates that differ from nearly everyone to everyone: most likely slips."""
    wrong = []
    for name in covariates:
        values = data[name].dropna()
        kinds = values.unique()
        if len(kinds) > max(20, len(values) / 4):
            wrong.append(f"- {name!r}: {len(kinds)} values, such as {listed(kinds[:3])}")
    if wrong:
        raise ColumnError(
            "Covariates that are text, with too many different values to be categories:\n"
            + "\n".join(wrong)
            + "\nMake a column of numbers from it (30 in place of '30 years'), or leave it out."
        )


def _scale(plan: StudyFile, column: str) -> tuple[Instrument, Scale] | None:
    """The instrument and scale behind an outcome; None for a column of the data."""
    for name in plan.instruments:
        one = plan.instrument(name)
        if column in one.columns:
            return one, one.scale(column)
    return None


def _adds_up(definition: Instrument, scale: Scale) -> bool:
    """Whether a score is the sum or mean of two items or more, stretched or not."""
    while scale.of is not None:
        scale = next(s for s in definition.scales if s.name == scale.of)
    several = scale.items is not None and len(definition.items_of(scale)) > 1
    return several and scale.combine in ("sum", "mean")


def _reliability(plan: StudyFile, data: pd.DataFrame) -> Result:
    """Each outcome scale's reliability at baseline, in one table."""
    study = plan.study
    rows = (
        data[data[study.wave] == study.baseline]
        if study.wave and study.baseline is not None
        else data
    )
    tables: list[pd.DataFrame] = []
    notes: list[str] = []
    warnings: list[str] = []
    for column in plan.outcomes.columns:
        found = _scale(plan, column)
        if found is None or not _adds_up(*found):
            continue
        definition, scale = found
        use = plan.instruments[definition.name]
        points = item_points(rows, definition, items=use.items, on_invalid=use.on_invalid)
        try:
            one = measurement.reliability(
                points[definition.items_of(scale)], coefficients=["alpha"]
            )
        except TooFewError as error:
            warnings.append(f"{column}: {error}")
            continue
        tables.append(one.table.assign(scale=column))
        notes.append(one.note)
        warnings += [f"{column}: {text}" for text in one.warnings]
    empty = pd.DataFrame(
        columns=["coefficient", "estimate", "se", "ci_low", "ci_high", "n", "n_items"]
    )
    table = pd.concat(tables, ignore_index=True) if tables else empty.assign(scale="")
    table = table[["scale", *[c for c in table.columns if c != "scale"]]]
    at = f" At {study.wave} = {study.baseline}." if study.baseline is not None else ""
    note = " ".join(dict.fromkeys(notes)) + at
    return Result(table=table, note=note.strip(), warnings=tuple(warnings))


def _outcomes(plan: StudyFile) -> Iterator[Outcome]:
    for column in plan.outcomes.columns:
        found = _scale(plan, column)
        scale = found[1] if found else None
        yield Outcome(
            column=column,
            label=plan.labels.get(column, scale.label if scale else column),
            primary=column == plan.outcomes.primary,
            better=plan.outcomes.better.get(column, scale.better if scale else None),
            range=scale.range if scale else None,
            instrument=found[0].name if found else None,
        )


def _labels(plan: StudyFile, data: pd.DataFrame) -> dict[str, str]:
    """Labels of columns: the file's own (SPSS, Stata), the scales', and what the study says."""
    scales = {o.column: o.label for o in _outcomes(plan)}
    return {**data.attrs.get("labels", {}), **scales, **plan.labels}


def _value_labels(plan: StudyFile, data: pd.DataFrame) -> dict[str, dict[str, str]]:
    kept: Mapping[str, Mapping[object, str]] = data.attrs.get("value_labels", {})
    own = {c: {_code(v): label for v, label in labels.items()} for c, labels in kept.items()}
    return {**own, **plan.values}


def _code(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _note(one: Instrument) -> InstrumentNote:
    address = f" {one.licence.address}" if one.licence.address else ""
    return InstrumentNote(
        name=one.name,
        title=one.title,
        citation=one.citation,
        status=one.status,
        status_note=" ".join(filter(None, [one.status_note, *one.choices])),
        licence=one.licence.terms + address,
    )


def _versions() -> dict[str, str]:
    libraries = {name: metadata.version(name) for name in _LIBRARIES}
    return {"cpeval": __version__, "python": platform.python_version(), **libraries}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
