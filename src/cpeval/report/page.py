"""``report.html``: one page that needs neither network nor JavaScript."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from cpeval.outcomes.comparison import BESIDE
from cpeval.report import comparison_grids, figures, grids, wording
from cpeval.report.delivery_section import delivery_section
from cpeval.report.disclosure import Withheld
from cpeval.report.grids import Cell, Grid
from cpeval.report.left_out import left_out
from cpeval.report.naming import Names, capital, printable
from cpeval.report.networks_section import networks_section
from cpeval.report.numbers import fixed, is_number, joined

if TYPE_CHECKING:
    from cpeval.evaluated import Evaluation, Outcome
    from cpeval.report.figures import Picture
    from cpeval.report.release import Release, Released
    from cpeval.study import Study

SIMULATED = "simulated data"
#: Nothing runs and nothing is fetched, even if a name should get past the escaping.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)
_SENTENCE = re.compile(r"(?<=\.)\s+(?=[A-Z])")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One wave of an arm in the flow of people."""

    wave: str
    seen: Cell
    share: str
    lost: Cell | None
    joined: Cell | None


@dataclass(frozen=True, kw_only=True)
class Flow:
    """The flow of people through the study."""

    total: str
    arms: tuple[tuple[str, tuple[Step, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class OutcomePart:
    """What the page says of one outcome."""

    ident: str
    label: str
    primary: bool
    facts: str
    moves: str
    meaning: wording.Meaning | None
    answered: str
    cautions: tuple[str, ...]
    pictures: tuple[Picture, ...]
    tables: tuple[Grid, ...]
    later: tuple[wording.Meaning, ...]


@dataclass(frozen=True, kw_only=True)
class Caution:
    """A warning, and the results that gave it."""

    text: str
    where: list[str] = field(default_factory=list)


def title(evaluation: Evaluation) -> str:
    """Return the evaluation's title, which says so if the data are simulated."""
    text = printable(evaluation.title)
    return f"{text} ({SIMULATED})" if evaluation.simulated else text


def page(evaluation: Evaluation, release: Release) -> str:
    """Return the page as text.

    Parameters
    ----------
    evaluation : Evaluation
        For names, study, files and versions; its results are not looked at.
    release : Release
        The results as they may be shown.
    """
    return rendered("report.html.j2", _context(evaluation, release))


def rendered(template: str, context: Mapping[str, Any]) -> str:
    """Return a page made from one of this folder's templates, with the style sheet in it.

    Parameters
    ----------
    template : str
        Its file name. Whatever it shows is escaped.
    context : mapping
        What it shows. A name that is absent is an error.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    here = files("cpeval.report")
    environment = Environment(
        loader=FunctionLoader(lambda name: here.joinpath(name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clean"] = printable
    css = here.joinpath("report.css").read_text("utf-8")
    return environment.get_template(template).render(css=css, policy=POLICY, **context)


def _context(evaluation: Evaluation, release: Release) -> dict[str, Any]:
    names = Names(evaluation)
    ordered = sorted(evaluation.outcomes, key=lambda outcome: not outcome.primary)
    parts = [_outcome(o, f"outcome-{i}", release, names) for i, o in enumerate(ordered, start=1)]
    people, data = release.get("participants"), release.get("data")
    baseline, scales = release.get("baseline"), release.get("reliability")
    means = {
        printable(o.label): found for o in ordered if (found := release.get(f"{o.column}/means"))
    }
    missing = grids.missing(means, names)
    return {
        "title": title(evaluation),
        "evaluation": evaluation,
        "question": [part for part in re.split(r"\n\s*\n", printable(evaluation.question)) if part],
        "facts": _facts(evaluation, ordered, names),
        "given": wording.given(names) if evaluation.study.arm is not None else "",
        "outcomes": parts,
        "delivery": delivery_section(release, names),
        "networks": networks_section(release, names),
        "flow": _flow(people, names) if people else None,
        "participants": grids.participants(people, names) if people else None,
        "problems": grids.problems(data, names) if data else None,
        "missing": missing,
        "no_problem": _checked(data, missing) if "data" in release.results else "",
        "baseline": grids.baseline(baseline, names) if baseline else None,
        "reliability": grids.reliability(scales, names) if scales else None,
        "methods": _methods(evaluation, release),
        "cautions": _cautions(release, names),
        "left_out": left_out(release, names, [*ordered, *names.outcomes[len(ordered) :]]),
        "withheld": _withheld(evaluation, release),
        "rows_shown": release.rows_shown,
    }


def _facts(
    evaluation: Evaluation, outcomes: list[Outcome], names: Names
) -> list[tuple[str, list[str]]]:
    """What was asked, as terms and their descriptions."""
    study = evaluation.study
    facts: list[tuple[str, list[str]]] = [("Design", [_design(names)])]
    if study.waves:
        waves = [names.head_of_wave(study.waves[0]), *map(names.wave, study.waves[1:])]
        main = f" Main follow-up: {names.wave(study.follow_ups[0])}." if study.follow_ups else ""
        facts.append(("Waves", [f"{joined(waves)}.{main}"]))
    told = [
        f"{printable(outcome.label)}{' (primary)' if outcome.primary else ''}: "
        f"{_about(outcome, names)}"
        for outcome in outcomes
    ]
    facts.append(("Outcomes", told))
    if study.arm is not None and wording.given(names):
        facts.append(
            ("Allowed for", [f"Differences between arms allow for {wording.given(names)}."])
        )
    return facts


def _design(names: Names) -> str:
    study = names.evaluation.study
    if study.arm is None:
        return "One group, without a comparison arm."
    people = names.evaluation.results.get("participants")
    groups = list(dict.fromkeys(people.table["group"])) if people is not None else []
    others = [names.arm(g) for g in groups if g != study.intervention and g != "all"]
    arms = f"{names.arm(study.intervention)} (intervention)"
    arms += f" and {joined(others)} (comparison)" if others else ""
    how = {
        True: f"{'Teams or people' if study.team else 'People'} were randomised to the arms.",
        False: "People were not randomised to the arms.",
        None: "It is not known whether people were randomised to the arms.",
    }[study.randomised]
    nested = [f"{role}s" for role in ("site", "team") if getattr(study, role) is not None]
    where = f" People belong to {joined(nested)}." if nested else ""
    return f"Two arms: {arms}. {how}{where}"


def _about(outcome: Outcome, names: Names) -> str:
    """Say how an outcome is measured, and which way is better."""
    instruments = {note.name: note.title for note in names.evaluation.instruments}
    told = []
    if outcome.instrument:
        told.append(instruments.get(outcome.instrument, outcome.instrument))
    if outcome.range is not None:
        told.append("scores from {} to {}".format(*(f"{end:g}" for end in outcome.range)))
    told.append(f"{outcome.better} is better" if outcome.better else "no direction given as better")
    return printable(f"{', '.join(told)}.")


def _flow(released: Released, names: Names) -> Flow:
    arms: dict[object, list[Step]] = {}
    starts: list[Any] = []
    baseline = names.evaluation.study.baseline
    for row in grids.records(released.table):
        first = baseline is not None and row["wave"] == baseline
        if first:
            starts.append(row["n"])
        percent = row.get("percent")
        share = f"{fixed(percent, 0)} % of baseline" if is_number(percent) else ""
        joiners = row.get("joined")
        arms.setdefault(row["group"], []).append(
            Step(
                wave=names.head_of_wave(row["wave"]),
                seen=grids.count(row["n"]),
                share="" if first else share,
                lost=None if first or row.get("lost") is None else grids.count(row["lost"]),
                joined=grids.count(joiners) if isinstance(joiners, Withheld) or joiners else None,
            )
        )
    total = (
        fixed(sum(starts), 0) if len(arms) > 1 and starts and all(map(is_number, starts)) else ""
    )
    return Flow(
        total=total,
        arms=tuple((names.head_of_arm(arm), tuple(steps)) for arm, steps in arms.items()),
    )


def _outcome(outcome: Outcome, ident: str, release: Release, names: Names) -> OutcomePart:
    """Gather what there is on one outcome: its pictures, tables and sentences."""
    study, label = names.evaluation.study, printable(outcome.label)
    start = names.wave(study.baseline) if study.baseline is not None else "baseline"
    means = release.get(f"{outcome.column}/means")
    later = study.follow_ups[1:]
    changes, compared = (
        [
            found
            for key in (kind, *(f"{kind}/{wave}" for wave in later))
            if (found := release.get(f"{outcome.column}/{key}"))
        ]
        for kind in ("change", "compare")
    )
    tables = []
    if means:
        tables.append(grids.means(means, names, ident, label))
    if changes:
        tables.append(grids.changes(changes, names, ident, label, start))
    if compared:
        tables.append(comparison_grids.differences(compared, names, ident, label))
        others = [
            comparison_grids.analyses(one, names, f"{ident}-{k}" if k else ident, label)
            for k, one in enumerate(compared)
            if len(one.table) > 1
        ]
        tables += others
        meanings = [wording.difference(_first(one), outcome, names) for one in compared]
    else:
        meanings = [wording.change(_first(one), outcome, names) for one in changes]
    main = compared or changes
    drawn = [figures.means(means, names, f"means-{ident}", label) if means else None]
    if len(compared) > 1:
        drawn.append(figures.differences(compared, names, f"difference-{ident}", outcome))
    moves = ""
    if changes and compared:
        moves = wording.both_changes(grids.records(changes[0].table), names)
    return OutcomePart(
        ident=ident,
        label=label,
        primary=outcome.primary,
        facts=capital(_about(outcome, names)),
        moves=moves,
        meaning=meanings[0] if meanings else None,
        answered=wording.answered(outcome, release, names) if means and study.follow_ups else "",
        # What concerns the other analyses stands below their table.
        cautions=tuple(w for w in main[0].warnings if not w.startswith(BESIDE)) if main else (),
        pictures=tuple(picture for picture in drawn if picture is not None),
        tables=tuple(tables),
        later=tuple(meanings[1:]),
    )


def _first(released: Released) -> dict[str, Any]:
    return grids.records(released.table)[0]


def _methods(evaluation: Evaluation, release: Release) -> list[str]:
    """Return the notes of all results; those that differ only in the outcome or the wave that
    they name are told once, of "the outcome" at "a follow-up".
    """  # noqa: D205
    names = Names(evaluation)
    told: dict[str, None] = {}
    for name, released in release.results.items():
        outcome, _ = names.outcome_of(name)
        note = "" if name == "data" else released.note
        if outcome is not None:
            note = _general(note, wording.lowered(outcome.label), evaluation.study)
        if name == "reliability" and evaluation.study.baseline is not None:
            at = f"At {evaluation.study.wave} = {evaluation.study.baseline}."
            note = note.replace(at, "At baseline.")
        note = " ".join(dict.fromkeys(_SENTENCE.split(note)))
        if note:
            told.setdefault(capital(re.sub(r"\bn - (?=\d)", "n\u00a0−\u00a0", note)), None)
    return list(told)


def _general(note: str, label: str, study: Study) -> str:
    """Tell a note of one outcome at one wave as of any."""
    note = note.replace(label, "the outcome").replace("Mean the outcome", "Mean of the outcome")
    for role, waves in (("baseline", [study.baseline]), ("a follow-up", study.follow_ups)):
        for written in {text for wave in waves for text in (repr(wave), str(wave))}:
            pattern = rf"\b(from|to|at|of|wave) {re.escape(written)}(?![\w'.])"
            note = re.sub(pattern, rf"\1 {role}", note)
    return note


def _cautions(release: Release, names: Names) -> list[Caution]:
    """Return the warnings, each once with where it holds: of the data, then of the analyses."""
    found: dict[str, Caution] = {}
    data = release.get("data")
    for row in grids.records(data.table) if data else ():
        if row["severity"] == "warning":
            where = names.column(row["column"]) if row["column"] else "whole file"
            text = f"In the data: {row['problem']}, {where}."
            found[text] = Caution(text=text, where=[names.place("data")])
    for name, released in release.results.items():
        for text in released.warnings:
            caution = found.setdefault(text, Caution(text=capital(text)))
            if names.place(name) not in caution.where:
                caution.where.append(names.place(name))
    return [*found.values(), *(Caution(text=capital(text)) for text in release.not_computed)]


def _checked(problems: Released | None, missing: Grid | None) -> str:
    """Say in a sentence what the check found, where a table has nothing to say."""
    if problems is not None:
        return ""
    if missing is None:
        return "The data were checked: no errors were found."
    return f"The data were checked: no errors were found. {_scores_missing(missing)}"


def _scores_missing(missing: Grid) -> str:
    cells = [
        cell.text
        for body in missing.bodies
        for line in body.rows
        for cell in line
        if cell.numeric and cell.text not in ("0", "–")
    ]
    if not cells:
        return "Everyone who was seen has every score."
    if not all(text.replace(",", "").isdigit() for text in cells):
        return "Some scores are missing, see below."
    n = sum(int(text.replace(",", "")) for text in cells)
    return f"{n:,} {'score is' if n == 1 else 'scores are'} missing, see below."


def _withheld(evaluation: Evaluation, release: Release) -> str:
    """Say what was withheld, and where."""
    limit = evaluation.small_count
    if limit <= 1:
        return "No small counts were withheld: the study sets no limit."
    rule = (
        f"Counts of 1 to {limit - 1} people are shown as <{limit}, with as many other cells "
        "withheld or shown as a range as keep them from being worked out. Where two numbers of "
        f"people would differ by 1 to {limit - 1}, the smaller is shown as a range, what it could "
        "be worked out from is withheld, and the rest is rounded. Nothing is told of groups of "
        f"fewer than {limit}. Lowest and highest values are never shown: they are single people's."
    )
    where = [one.title for one in release.results.values() if one.n_withheld]
    if not where:
        return f"{rule} In this report nothing had to be withheld."
    n = release.n_withheld
    cells = "one cell is" if n == 1 else f"{n} cells are"
    rows = "" if release.rows_shown else " The numbers of rows of the files are withheld with them."
    return (
        f"{rule} In tables.xlsx and results.json, which have more columns than this page, {cells} "
        f"withheld or a range, in: {'; '.join(where)}.{rows} Someone who compares several tables, "
        "or works back from rounded numbers, may narrow a range further."
    )
