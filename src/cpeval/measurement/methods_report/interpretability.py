"""Interpretability and feasibility: the total's distribution, its ends, and what is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.measurement.item_analysis import ItemAnalysis
from cpeval.measurement.methods_report import criteria
from cpeval.measurement.methods_report.analyses import Analyses
from cpeval.measurement.methods_report.answers import Answers
from cpeval.measurement.methods_report.important_difference import ImportantDifference
from cpeval.measurement.methods_report.rounding import (
    SMALL,
    number,
    percent,
    share,
)
from cpeval.measurement.methods_report.section import Finding, Section, rows_by
from cpeval.measurement.methods_report.total_score import TotalScore, total_score

INTERPRETABILITY, FEASIBILITY = "Interpretability", "Feasibility"
_ENDS = ("floor", "ceiling")


def run_total(done: Analyses, answers: Answers, level: float) -> None:
    """Describe the total, over the range that the analysis of items has found."""
    items = done.results.get("items")
    if items is not None:
        low, high = (float(items.table[end].sum()) for end in ("lowest", "highest"))
        done.run("total", "The total", lambda: total_score(answers.totals, low, high, level))


def interpretability(
    done: Analyses, *, important: ImportantDifference | None, known_range: bool, level: float
) -> Section:
    """Tell of the total."""
    found = done.results.get("total")
    said: list[str] = []
    findings: list[Finding] = []
    if isinstance(found, TotalScore):
        text, findings = _total(found, level, known_range=known_range)
        said.append(text)
    if important is None:
        said.append(
            "No important difference is published in an instrument's definition here; "
            "measurement.responsiveness estimates one from an anchor."
        )
    else:
        said.append(f"The important difference is {important}.")
        findings.append(
            Finding(
                statistic="important_difference",
                estimate=important.value,
                n=0 if found is None else int(found.table["n"].iloc[0]),
            )
        )
    return Section(
        heading=INTERPRETABILITY,
        text=" ".join(said),
        results=done.there("items", "total"),
        findings=tuple(findings),
        left_out=done.missing("items", "total"),
    )


def _total(found: TotalScore, level: float, *, known_range: bool) -> tuple[str, list[Finding]]:
    rows = rows_by(found.table, "term")
    mean = Finding.of("total_mean", rows["mean"])
    sd = Finding.of("total_sd", rows["sd"])
    ends = [Finding.of(name, rows[name], criterion=criteria.FLOOR) for name in _ENDS]
    skewness = float(rows["skewness"]["estimate"])
    skew = f", skewness {number(skewness)}" if np.isfinite(skewness) else ""
    # Without a known range the ends are answers that were seen, perhaps of one person.
    reach = f" (possible: {found.lowest:g} to {found.highest:g})" if known_range else ""
    effects = [f"a {one.statistic} effect" for one in ends if one.meets is False]
    verdict = " and ".join(effects) or "neither a floor nor a ceiling effect"
    text = (
        f"The sum of the items{reach} had mean {number(mean.estimate)}"
        f"{mean.limits(level, number)}, SD {number(sd.estimate)}{skew} (n = {mean.n:,}). At the "
        f"lowest total: {share(found.n_lowest, mean.n)}; at the highest: "
        f"{share(found.n_highest, mean.n)}, so there was {verdict} by the criterion of 15 % "
        f"({criteria.FLOOR.cited})."
    )
    if not known_range:
        text += (
            " The ends are those of the answers that were seen: give range= where nobody may have "
            "used one."
        )
    return text, [mean, sd, *ends]


def feasibility(done: Analyses, answers: Answers) -> Section:
    """Tell what is missing, by item and row."""
    given = answers.given
    n_rows, whole = len(given), int(given.notna().to_numpy().all(axis=1).sum())
    short = n_rows - whole
    if short == 0:
        text = f"All {n_rows:,} rows have all items."
    elif short < SMALL:
        text = f"All rows but fewer than {SMALL} have all items."
    elif whole < SMALL:
        text = f"Fewer than {SMALL} rows have all items."
    else:
        text = f"Of {n_rows:,} rows, {percent(whole / n_rows)} have all items."
    findings = [Finding(statistic="complete", estimate=whole / n_rows, n=n_rows)]
    if short:
        gaps = given.isna().sum().to_numpy()
        text += _gaps(given, gaps)
        place = int(gaps.argmax())
        findings.append(
            Finding(
                statistic="missing_largest",
                estimate=float(gaps[place] / n_rows),
                n=n_rows,
                item=str(given.columns[place]),
            )
        )
    if answers.n_imputed:
        text += (
            " Answers that were missing were filled in by two-way imputation (Bernaards & "
            "Sijtsma, 2000); intervals don't know that."
        )
    found = done.results.get("items")
    return Section(
        heading=FEASIBILITY,
        text=text,
        results=("items",) if isinstance(found, ItemAnalysis) else (),
        findings=tuple(findings),
    )


def _gaps(frame: pd.DataFrame, gaps: NDArray[np.int64]) -> str:
    most, item = int(gaps.max()), frame.columns[int(gaps.argmax())]
    if most < SMALL:
        return f" No item was left out by {SMALL} people or more."
    return f" Most often left out was item {item}, by {share(most, len(frame))}."
