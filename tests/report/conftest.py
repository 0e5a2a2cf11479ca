"""A small evaluation made by hand, with the columns that the analyses promise.

No statistic here is computed, so nothing in these tests hangs on the analyses.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cpeval.evaluated import Evaluation, InstrumentNote, Outcome, Source
from cpeval.result import Result
from cpeval.study import Study

NAN = float("nan")
STUDY = Study(
    person="person_id", arm="arm", intervention=1, wave="wave", baseline=0, follow_up=[6, 12],
    randomised=True,
)  # fmt: skip
#: Identifiers and answers that stand in the check's table and must reach no output.
IDENTIFIER, ANSWER, ROW = "NHS-4477-1093", "see my sister Ann", 90210


class Drawn(Result):
    """A result that draws as the means of the analyses do."""

    def plot(self, ax=None, *, group_labels=None, wave_labels=None, xlabel=None, ylabel=None):
        for group, rows in self.table.groupby("group"):
            ax.plot(rows["wave"], rows["estimate"], marker="o", label=group_labels[group])
        waves = list(dict.fromkeys(self.table["wave"]))
        ax.set_xticks(waves, [wave_labels[wave] for wave in waves])
        ax.set_ylabel(ylabel)
        ax.legend()
        return ax


def table(columns: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


def participants() -> Result:
    rows = [
        (0, 0, 40, 0, 0, 100.0),
        (1, 0, 30, 0, 0, 100.0),
        (0, 6, 33, 7, 0, 82.5),
        (1, 6, 27, 3, 0, 90.0),
        (0, 12, 30, 10, 0, 75.0),
        (1, 12, 25, 5, 0, 83.3),
    ]
    return Result(table=table("group wave n lost joined percent", *rows), note="People with a row.")


def baseline() -> Result:
    number = "term level group n missing count percent mean sd minimum median maximum smd"
    empty = (NAN, NAN, NAN, NAN, NAN)
    rows = [
        ("age", None, 0, 40, 0, NAN, NAN, 41.2, 12.3, 18.0, 40.0, 77.0, NAN),
        ("age", None, 1, 30, 0, NAN, NAN, 39.8, 11.9, 19.0, 39.0, 81.0, NAN),
        ("age", None, "all", 70, 0, NAN, NAN, 40.6, 12.1, 18.0, 40.0, 81.0, -0.12),
        *(
            ("home", level, group, n, 0, count, 100 * count / n, *empty, smd)
            for level, group, n, count, smd in [
                ("rents", 0, 40, 22, NAN), ("rents", 1, 30, 17, NAN), ("rents", "all", 70, 39, 0.03),
                ("owns", 0, 40, 18, NAN), ("owns", 1, 30, 11, NAN), ("owns", "all", 70, 29, -0.18),
                ("hostel", 0, 40, 0, NAN), ("hostel", 1, 30, 2, NAN), ("hostel", "all", 70, 2, 0.37),
            ]
        ),
    ]  # fmt: skip
    return Result(table=table(number, *rows), note="People at baseline (Austin, 2009).")


def means(shift: float = 0.0) -> Drawn:
    rows = [
        (0, 0, 40, 0, 30.1, 9.8, 1.55, 39, 27.0, 33.2),
        (1, 0, 30, 0, 29.6, 10.4, 1.90, 29, 25.7, 33.5),
        (0, 6, 31, 2, 26.0, 9.9, 1.78, 30, 22.4, 29.6),
        (1, 6, 27, 0, 22.3, 10.1, 1.94, 26, 18.3, 26.3),
        (0, 12, 30, 0, 25.5, 10.0, 1.83, 29, 21.8, 29.2),
        (1, 12, 25, 0, 23.9, 10.2, 2.04, 24, 19.7, 28.1),
    ]
    made = table("group wave n missing estimate sd se df ci_low ci_high", *rows)
    made[["estimate", "ci_low", "ci_high"]] += shift
    return Drawn(table=made, note="Means of mood, with t intervals.")


CHANGE = (
    "group wave n excluded before after sd_before sd_after estimate se statistic df p ci_low "
    "ci_high d_z d_z_low d_z_high d_av hedges_g hedges_g_low hedges_g_high"
)
COMPARE = (
    "analysis term wave group reference estimate se statistic df p ci_low ci_high n "
    "n_intervention n_comparison hedges_g hedges_g_low hedges_g_high"
)


def change(wave: int) -> Result:
    def row(group: int, n: int, excluded: int, before: float, after: float) -> tuple[object, ...]:
        gain = after - before
        effect = (gain / 10,) * 3
        return (
            group, wave, n, excluded, before, after, 9.8, 9.9, gain, 1.2, gain / 1.2, n - 1, 0.01,
            gain - 2.4, gain + 2.4, *effect, gain / 10, *effect,
        )  # fmt: skip

    rows = [row(0, 31, 9, 30.2, 26.0), row(1, 27, 3, 29.5, 22.3)]
    note = f"Change in mood from 0 to {wave} within each arm (Cumming, 2012)."
    left = "Left out: 9 of 40 people in arm 0, 3 of 30 people in arm 1; 12 without a score."
    return Result(table=table(CHANGE, *rows), note=note, warnings=(left,))


def compare(at: int, /, estimate: float = -3.4, half: float = 3.0, **cells: object) -> Result:
    row = dict(
        zip(
            COMPARE.split(),
            (
                "primary", "arm", at, 1, 0, estimate, half / 2, -2.27, 54, 0.027,
                estimate - half, estimate + half, 58, 27, 31, estimate / 10,
                (estimate - half) / 10, (estimate + half) / 10,
            ),
            strict=True,
        )
    )  # fmt: skip
    note = f"Mean mood at {at} of arm 1 minus 0: t interval on 54 degrees of freedom."
    return Result(table=pd.DataFrame([row | cells]), note=note)


def check() -> Result:
    columns = "problem severity column row value advice"
    rows = [
        ("answer outside the codes", "warning", "mood_1", 3, "99", f"Look at row {ROW}."),
        ("answer outside the codes", "warning", "mood_1", ROW, ANSWER, f"Ask {IDENTIFIER}."),
        *(("text in a number column", "note", "age", row, ANSWER, "") for row in range(8)),
        ("answers don't vary", "note", "mood_2", None, IDENTIFIER, f"See {IDENTIFIER}."),
    ]
    return Result(table=table(columns, *rows), note=f"Checked 163 rows: 10, such as {IDENTIFIER}.")


def reliability() -> Result:
    columns = "scale coefficient estimate se ci_low ci_high n n_items"
    return Result(
        table=table(columns, ("mood", "alpha", 0.88, 0.02, 0.84, 0.92, 69, 3)),
        note="Cronbach's alpha (Feldt, Woodruff & Salih, 1987).",
    )


def evaluation_by_hand() -> Evaluation:
    return Evaluation(
        title="Linking people to care",
        question="Did people feel better?\n\nAnd were they safer?",
        study=STUDY,
        outcomes=(
            Outcome(column="safety", label="Feeling safe", better="higher", range=(0, 10)),
            Outcome(
                column="mood", label="Low mood", primary=True, better="lower", range=(0, 60),
                instrument="mood",
            ),
        ),
        covariates=("age",),
        results={
            "data": check(),
            "participants": participants(),
            "baseline": baseline(),
            "reliability": reliability(),
            "safety/means": means(shift=-20.0),
            "mood/means": means(),
            "mood/change": change(6),
            "mood/change/12": change(12),
            "mood/compare": compare(6),
            "mood/compare/12": compare(12, -1.5, 4.0),
        },
        labels={"mood": "Low mood", "age": "Age", "home": "Housing", "person_id": IDENTIFIER},
        value_labels={
            "arm": {"0": "usual care", "1": "clinic"},
            "wave": {"0": "start", "6": "6 months", "12": "12 months"},
            "person_id": {"1": IDENTIFIER},
        },
        sources=(Source(file="data.csv", sha256="ab" * 32, n_rows=185, n_columns=9),),
        versions={"python": "3.11.7", "cpeval": "0.1.0"},
        instruments=(
            InstrumentNote(
                name="mood", title="The mood scale", citation="Nobody (1999). Moods.",
                status="provisional", status_note="Not compared with the manual.",
                licence="Free to use.",
            ),
        ),
    )  # fmt: skip


@pytest.fixture
def evaluation() -> Evaluation:
    return evaluation_by_hand()


@pytest.fixture
def secrets() -> tuple[str, ...]:
    """What is in the evaluation and must reach no output."""
    return (IDENTIFIER, ANSWER, str(ROW))


@pytest.fixture
def one_arm(evaluation: Evaluation) -> Evaluation:
    """The same without a comparison arm."""
    results = {}
    for name, result in evaluation.results.items():
        if "compare" in name or name == "baseline":
            continue
        rows = result.table
        if "group" in rows:
            rows = rows[rows["group"] == 1].assign(group="all")
        results[name] = replace(result, table=rows)
    study = Study(person="person_id", wave="wave", baseline=0, follow_up=[6, 12])
    return replace(evaluation, study=study, results=results, covariates=())


@pytest.fixture
def with_comparison(evaluation: Evaluation) -> Callable[..., Evaluation]:
    """The evaluation with another comparison at the primary follow-up."""

    def make(*args: float, study: Study = STUDY, better: str | None = "lower", **cells: object):
        results = evaluation.results | {"mood/compare": compare(6, *args, **cells)}
        outcomes = tuple(
            replace(o, better=better) if o.column == "mood" else o for o in evaluation.outcomes
        )
        return replace(evaluation, results=results, study=study, outcomes=outcomes)

    return make


@pytest.fixture
def written(evaluation: Evaluation, tmp_path: Path) -> Path:
    """A folder with the report of the evaluation."""
    evaluation.report(tmp_path / "out")
    return tmp_path / "out"
