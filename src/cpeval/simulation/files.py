"""A simulated study as files that `cpeval.evaluate` reads."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cpeval.errors import OutputError
from cpeval.spreadsheet_safety import write_csv
from cpeval.study import Study

_STUDY = """\
# A simulated study. Nobody in it is real.
title = "A simulated Connecting People study"
question = "Did people fare better where teams work in the Connecting People way? (Simulated data.)"
simulated = true

[study]
{study}

[data]
file = "responses.csv"

[[data.join]]
file = "people.csv"
on = "person"
expect = "many-to-one"

[instruments.swemwbs]
items = "swemwbs_{{code}}"

[instruments.rg_uk]
items = "rg_uk_{{code}}"

[outcomes]
primary = "swemwbs_metric"
secondary = ["rg_uk"]
covariates = ["age"]

[fidelity]
file = "fidelity.csv"
instrument = "connecting_people"
informant = "informant"
assessor = "assessor"
cuts = {{ low = 1, moderate = 2.5, high = 3.5 }}

[networks]
egos = "egos.csv"
alters = "alters.csv"
ties = "ties.csv"
relation = "relation"
kind = "kind"

[report]
baseline = ["age", "gender", "ethnicity", "swemwbs_metric", "rg_uk"]

[labels]
trust = "Trust"
team = "Team"
arm = "Arm"
wave = "Wave"
age = "Age (years)"
gender = "Gender"
ethnicity = "Ethnic group"
relation = "Relation"
kind = "Kind"
"""


def write(
    folder: str | Path, tables: Mapping[str, pd.DataFrame], truth: Mapping[str, Any], study: Study
) -> Path:
    """Write all tables as CSV, the truth, and a study file.

    They are made in a hidden folder and moved into place once all are there.

    Parameters
    ----------
    folder : str or pathlib.Path
        Made when absent. Files of these names are replaced, others left alone.

    Returns
    -------
    pathlib.Path
        The study file.

    Raises
    ------
    OutputError
        The folder can't be made or written.
    """
    folder = Path(folder)
    hidden = {f"truth_{k}": v for k, v in truth.items() if isinstance(v, pd.DataFrame)}
    known = {k: v for k, v in truth.items() if not isinstance(v, pd.DataFrame)}
    writers: dict[str, Callable[[Path], object]] = {
        f"{name}.csv": lambda path, frame=frame: _csv(frame, path)  # type: ignore[misc]
        for name, frame in {**tables, **hidden}.items()
    }
    record = json.dumps(known, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    writers["truth.json"] = lambda path: path.write_text(record, encoding="utf-8")
    text = _STUDY.format(study=_study(study))
    writers["study.toml"] = lambda path: path.write_text(text, encoding="utf-8")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".cpeval-") as making:
            for name, make in writers.items():
                make(Path(making) / name)
            blocked = [name for name in writers if (folder / name).is_dir()]
            if blocked:
                raise OutputError(
                    f"In {str(folder)!r} a folder stands where a file should go: "
                    f"{', '.join(blocked)}. Rename it, or name another folder."
                )
            for name in writers:
                (Path(making) / name).replace(folder / name)
    except OSError as problem:
        raise OutputError(
            f"The simulated study can't be written to {str(folder)!r} ({problem.strerror}). "
            "Name a folder that you may write to."
        ) from None
    return folder / "study.toml"


def _csv(frame: pd.DataFrame, path: Path) -> None:
    """Write UTF-8 with commas; whole numbers without a point, missing values empty."""
    whole = [
        name
        for name in frame.columns
        if frame[name].dtype == np.float64 and (frame[name].dropna() % 1 == 0).all()
    ]
    # Labels start with letters or digits, so nothing here could be a formula.
    write_csv(frame.astype(dict.fromkeys(whole, "Int64")), path, for_people=False)


def _study(study: Study) -> str:
    """Write the columns and values of a study as TOML."""
    names = ("person", "site", "team", "worker", "arm", "intervention", "wave", "baseline")
    rows = {name: getattr(study, name) for name in names}
    rows |= {"follow_up": list(study.follow_ups), "randomised": bool(study.randomised)}
    return "\n".join(f"{name} = {_toml(value)}" for name, value in rows.items())


def _toml(value: object) -> str:
    # JSON's text, numbers, lists and true/false are TOML's too.
    return json.dumps(value, ensure_ascii=False)
