"""Reliability and measurement error: whether people get the same again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cpeval.errors import TooFewError
from cpeval.measurement.change.change_statistics import retest as retest_rows
from cpeval.measurement.consistency.reliability import Reliability
from cpeval.measurement.methods_report import criteria
from cpeval.measurement.methods_report.analyses import Analyses
from cpeval.measurement.methods_report.important_difference import ImportantDifference
from cpeval.measurement.methods_report.rounding import SMALL, coefficient, number
from cpeval.measurement.methods_report.section import Finding, Section, rows_by
from cpeval.measurement.raters.icc import IntraclassCorrelation, icc
from cpeval.measurement.raters.limits_of_agreement import LimitsOfAgreement, limits_of_agreement
from cpeval.result import Result

Floats = NDArray[np.float64]

RELIABILITY, ERROR = "Reliability", "Measurement error"
#: A change within one person that 95 % of unchanged people stay below.
_SDC = float(stats.norm.ppf(0.975) * np.sqrt(2))
_FEW_PEOPLE = 50


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Retest(Result):
    """A `Result`: icc_agreement, sem and sdc of the total, as `responsiveness` has them."""


def run_retest(done: Analyses, totals: Floats | None, level: float) -> None:
    """Compare totals at two occasions, shape (n, 2), if there are two."""
    if totals is None:
        return
    both = totals[~np.isnan(totals).any(axis=1)]
    table = pd.DataFrame(both, columns=["first", "second"])
    done.run("icc", "The intraclass correlation", lambda: icc(_enough(table), level=level))
    done.run("retest", "The error of retest", lambda: _retest(both, level))
    done.run(
        "limits_of_agreement",
        "Limits of agreement",
        lambda: limits_of_agreement(
            _enough(table)["second"].to_numpy(), table["first"].to_numpy(), level=level
        ),
    )


def _enough(table: pd.DataFrame) -> pd.DataFrame:
    if len(table) < SMALL:
        raise TooFewError(
            f"The retest needs {SMALL} people who have all items at both occasions. There are "
            f"{len(table)}. Do rows match, or the column that says whose they are?"
        )
    return table


def _retest(both: Floats, level: float) -> Retest:
    change = both[:, 1] - both[:, 0] if len(both) else np.zeros(0)
    if len(both) < SMALL or np.ptp(change) == 0 or np.ptp(both[:, 0]) == 0:
        raise TooFewError(
            f"The error of retest needs {SMALL} people whose totals, and changes, vary. There are "
            f"{len(both)} with both."
        )
    return Retest(
        table=pd.DataFrame(retest_rows(both, level)),
        note=(
            f"Test-retest of the sum of the items, {len(both)} people: ICC of agreement with a "
            "generalised interval, standard error of measurement with the shift between occasions, "
            "and smallest detectable change (1.96 √2 SEM)."
        ),
    )


def reliability_section(done: Analyses, *, given: bool, level: float) -> Section:
    """Tell of the test-retest reliability."""
    if not given:
        return Section(
            heading=RELIABILITY,
            text=(
                "Test-retest reliability was not examined: no retest was given. retest= takes the "
                "answers of the same people at another time, between which they should not have "
                "changed. For raters, see measurement.icc and measurement.agreement."
            ),
        )
    found, error = done.results.get("icc"), done.results.get("retest")
    left = done.missing("icc")
    if not isinstance(found, IntraclassCorrelation):
        return Section(heading=RELIABILITY, text="", left_out=left)
    value = Finding.of(
        "icc_agreement", rows_by(found.table, "coefficient")["ICC2"], criterion=criteria.ICC
    )
    if error is not None:  # also right where all scores shift between the occasions
        general = rows_by(error.table, "term")["icc_agreement"]
        if np.isfinite(general["ci_low"]):
            value = replace(value, ci_low=general["ci_low"], ci_high=general["ci_high"])
    rule = criteria.ICC
    met = "meets" if value.meets else "doesn't meet"
    text = (
        f"{value.n:,} people answered twice. The intraclass correlation of the sum of the items "
        f"(absolute agreement, single measurement) was {coefficient(value.estimate, rule.bound)}"
        f"{value.limits(level)}, which {met} COSMIN's criterion of .70 ({rule.cited})."
    )
    if value.ci_low < rule.bound <= value.ci_high:
        text += " The interval includes .70, so the sample doesn't settle it."
    if value.n < _FEW_PEOPLE:
        text += " Fewer than the 50 people that are wanted (Terwee et al., 2007)."
    return Section(
        heading=RELIABILITY,
        text=text,
        results=done.there("icc"),
        findings=(value,),
        left_out=left,
    )


def error_section(
    done: Analyses, *, important: ImportantDifference | None, level: float
) -> Section:
    """Tell of the standard error of measurement and the smallest detectable change."""
    said: list[str] = []
    findings: list[Finding] = []
    rule = important.larger_than_error() if important is not None else None
    consistency = done.results.get("reliability")
    if isinstance(consistency, Reliability) and np.isfinite(consistency.sem):
        n = int(consistency.table["n"].iloc[0])
        sem, sdc = consistency.sem, _SDC * consistency.sem
        said.append(
            f"The standard error of measurement of the sum of the items was {number(sem)} points "
            f"from alpha, so that a change within one person of less than {number(sdc)} points "
            "(1.96 √2 SEM) can't be told from error; COSMIN prefers both from a retest."
        )
        findings += [
            Finding(statistic="sem_alpha", estimate=sem, n=n),
            Finding(statistic="sdc_alpha", estimate=sdc, n=n, criterion=rule),
        ]
    error, limits = done.results.get("retest"), done.results.get("limits_of_agreement")
    if error is not None:
        rows = rows_by(error.table, "term")
        again = Finding.of("sem_agreement", rows["sem"])
        change = Finding.of("sdc_agreement", rows["sdc"], criterion=rule)
        said.append(
            f"From the retest it was {number(again.estimate)}{again.limits(level, number)}, the "
            f"smallest detectable change {number(change.estimate)}{change.limits(level, number)}."
        )
        findings += [again, change]
    if isinstance(limits, LimitsOfAgreement):
        rows = rows_by(limits.table, "term")
        lower = Finding.of("limit_lower", rows["lower"])
        upper = Finding.of("limit_upper", rows["upper"])
        bias = float(rows["bias"]["estimate"])
        said.append(
            f"On average the second total was {number(abs(bias))} points "
            f"{'above' if bias >= 0 else 'below'} the first; 95 % limits of agreement "
            f"{number(lower.estimate)} to {number(upper.estimate)}."
        )
        findings += [lower, upper]
    if said:
        said.append(_verdict(findings, important))
    return Section(
        heading=ERROR,
        text=" ".join(said),
        results=done.there("reliability", "retest", "limits_of_agreement"),
        findings=tuple(findings),
        left_out=(
            *(() if findings else done.missing("reliability")),
            *done.missing("retest", "limits_of_agreement"),
        ),
    )


def _verdict(findings: list[Finding], important: ImportantDifference | None) -> str:
    """Hold the better of the smallest detectable changes against the important difference."""
    if important is None or important.points is None:
        return (
            "COSMIN asks that the smallest detectable change be below the minimal important change "
            "(Prinsen et al., 2018), which is not known here in points of this sum."
        )
    named = {one.statistic: one for one in findings}
    best = named.get("sdc_agreement", named.get("sdc_alpha"))
    if best is None:
        return ""
    where = "in the retest" if best.statistic == "sdc_agreement" else "from alpha"
    size = f"the important difference of {number(important.points)} points"
    if best.meets:
        return (
            f"The smallest detectable change {where} is below {size}, as COSMIN asks (Prinsen et "
            "al., 2018)."
        )
    return (
        f"The smallest detectable change {where} is not below {size}, which COSMIN asks for "
        "(Prinsen et al., 2018): changes that matter can be seen in groups, not in one person."
    )
