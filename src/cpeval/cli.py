"""The command line: ``cpeval evaluate``, ``check``, ``score``, ``new`` and others.

Exit codes: 0 done, 1 problems found in the data, 2 wrong use or input that can't be read.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from rich.console import Console

from cpeval.errors import CpevalError, CpevalWarning, OptionError, OutputError

if TYPE_CHECKING:
    from cpeval.definitions.model import Instrument

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Say how faithfully a programme was delivered, and whether the people in it benefited.",
    epilog="Exit codes: 0 done, 1 problems found in the data, 2 wrong use or unreadable input.",
)

StudyPath = Annotated[
    Path, typer.Argument(metavar="STUDY", help="The study.toml.", show_default=False)
]


@app.command()
def evaluate(
    study: StudyPath,
    out: Annotated[Path, typer.Option(help="The folder for the report; made when absent.")] = Path(
        "report"
    ),
) -> None:
    """Evaluate a study: write its report.

    The folder gets report.html, tables.xlsx and results.json.
    """
    from cpeval.evaluation import evaluate as evaluated

    evaluation = evaluated(study)
    page = evaluation.report(out)
    typer.echo(f"Wrote {page}, tables.xlsx and results.json.")
    for name, reason in evaluation.left_out.items():
        _say(f"Left out: {name} can't be computed. {reason}")
    if any(result.warnings for result in evaluation.results.values()):
        typer.echo("Read the report's section Warnings before you use its numbers.")


@app.command()
def check(study: StudyPath) -> None:
    """List every problem with a study's data.

    Each comes with what to do about it.
    """
    from cpeval.evaluation import check_study

    found, lines = check_study(study)
    for line in lines:
        typer.echo(line)
    typer.echo(str(found))
    if not found.ok:
        raise typer.Exit(1)


@app.command()
def score(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The data: csv, xlsx, sav, dta, parquet …")
    ],
    instrument: Annotated[
        str,
        typer.Argument(metavar="INSTRUMENT", help="A shipped one, or the path of a definition."),
    ],
    out: Annotated[
        Path,
        typer.Option(help="Where to write the scored data: .csv or .xlsx.", show_default=False),
    ],
    items: Annotated[
        str | None,
        typer.Option(
            help='Where the items are: a pattern such as "q{n}", or columns with commas between.'
        ),
    ] = None,
    missing: Annotated[
        str | None, typer.Option(help="Codes that mean missing in any column, with commas: -9,99.")
    ] = None,
    on_invalid: Annotated[
        str,
        typer.Option(
            help='"raise": answers outside the codes are an error; "missing": they are missing.'
        ),
    ] = "raise",
    answered: Annotated[
        bool, typer.Option("--answered", help="Add how many items were answered.")
    ] = False,
    sheet: Annotated[str | None, typer.Option(help="The sheet of an Excel file.")] = None,
    decimal: Annotated[
        str | None, typer.Option(help='What stands before decimals: "," or ".".')
    ] = None,
    prefix: Annotated[str, typer.Option(help="Put before the names of the new columns.")] = "",
    coding: Annotated[
        str | None,
        typer.Option(help='Which coding the data have, where several clash: "0-4", "1-5".'),
    ] = None,
    value_set: Annotated[
        str | None, typer.Option(help="For EQ-5D: a value set by name, or a table of your own.")
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help='Of goals: a pattern such as "weight{n}", or columns.')
    ] = None,
    bands: Annotated[
        bool, typer.Option("--bands", help="Add the published category of each score.")
    ] = False,
    band_set: Annotated[
        str | None, typer.Option(help="Which set of bands, where a scale has several.")
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="Which items belong to a scale that leaves it to you: domestic=1-6, or "
            "domestic=1,4,9; may be given again."
        ),
    ] = None,
) -> None:
    """Score an instrument in a data file.

    Writes the data with a column for each scale.
    """
    from cpeval.reading.files import read
    from cpeval.reading.taken import taken
    from cpeval.scoring.score import score as score_data
    from cpeval.table_writing import require_writable, write_table

    require_writable(out)
    if out.exists() and file.exists() and out.samefile(file):
        raise OutputError(f"{str(out)!r} is the data file itself. Name another file to write.")
    data = read(file, missing=_codes(missing), sheet=sheet, decimal=decimal)
    where, weighing = _columns(items), _columns(weights)
    for line in taken(data):
        typer.echo(line)
    one = _with_keys(instrument, key)
    scored = score_data(
        data,
        one,
        items=where,
        prefix=prefix,
        on_invalid=on_invalid,
        answered=answered,
        coding=coding,
        value_set=value_set,
        weights=weighing,
    )
    if bands or band_set is not None:
        from cpeval.scoring.bands import band

        scored = band(scored, one, bands=band_set, prefix=prefix)
    write_table(scored, out)
    new = [c for c in scored.columns if c not in data.columns]
    typer.echo(f"Wrote {out}: {len(scored)} rows, with {', '.join(new)}.")


@app.command()
def instruments(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME …]", help="Show or export these.", show_default=False),
    ] = None,
    export: Annotated[
        str | None,
        typer.Option(
            help="Write a file: redcap, xlsform, excel, codebook, qualtrics, limesurvey or toml."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The file to write; without it, named after what it holds.")
    ] = None,
    coding: Annotated[
        str | None, typer.Option(help="Which of the codings a form should use, such as 0-4.")
    ] = None,
    goals: Annotated[int | None, typer.Option(help="How many goals a form should have.")] = None,
    prefix: Annotated[str, typer.Option(help="Put before the names of a form's columns.")] = "",
) -> None:
    """List the instruments, show some, or write a form for them."""
    from cpeval.definitions.catalogue import instruments as catalogue, resolve

    if export is not None:
        from cpeval.exporting.kinds import export_as

        done, warned = export_as(
            export, names or [], out, coding=coding, goals=goals, prefix=prefix
        )
        typer.echo(f"Wrote {done}.")
        for line in warned:
            _say(line)
        return
    unused = {"--out": out, "--coding": coding, "--goals": goals, "--prefix": prefix or None}
    given = [option for option, value in unused.items() if value is not None]
    if given:
        raise OptionError(f"{', '.join(given)} go with --export.")
    if not names:
        listing = catalogue()
        wide = max(len(one) for one in listing)
        for row in listing.table.itertuples():
            mark = "" if row.status == "verified" else f" [{row.status}]"
            typer.echo(f"{row.name:<{wide}}  {row.title}{mark}")
        typer.echo("\ncpeval instruments NAME shows one: its scales, rules, licence and sources.")
        return
    for place, name in enumerate(names):
        one = resolve(name)
        typer.echo(("\n" if place else "") + str(one))
        typer.echo(f"\nItems: {', '.join(f'{i.code} {i.label}' for i in one.items)}")
        typer.echo(f"\n{one.citation}\nLicence: {one.licence.terms} {one.licence.address}".rstrip())
        for line in [one.status_note, *one.sources]:
            typer.echo(line)


@app.command()
def new(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder to make.", show_default=False)
    ],
    instrument: Annotated[
        list[str] | None,
        typer.Option("--instrument", "-i", help="An instrument to ask; may be given again."),
    ] = None,
) -> None:
    """Make a study folder to start from.

    It holds a study.toml with comments, an entry sheet and a README.
    """
    from cpeval.new_study import start

    start(folder, instrument or ["swemwbs"])
    typer.echo(f"Made {folder}: read {folder / 'README.md'}, then fill in entry.xlsx.")


@app.command()
def tutorials(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to work in them.", show_default=False)
    ],
    lab: Annotated[bool, typer.Option("--lab", help="Open JupyterLab on them.")] = False,
) -> None:
    """Copy the tutorials to a folder to work in.

    What is there already stays as it is.
    """
    from cpeval.number_agreement import counted
    from cpeval.tutorials.copying import copy_lessons
    from cpeval.tutorials.opening import open_lab, require_lab

    if lab:
        require_lab()
    copied = copy_lessons(folder)
    if copied.new:
        words = "Copied {n} file[s] to {folder}."
        typer.echo(counted(len(copied.new), words, folder=folder))
    if copied.kept:
        typer.echo(f"Left as they are, since they were there: {', '.join(copied.kept)}.")
    if lab:
        open_lab(folder)
    else:
        typer.echo(f"Open them with: jupyter lab {folder}")


def _with_keys(instrument: str, given: list[str] | None) -> Instrument:
    """Resolve an instrument; ``"domestic=1-6"`` names a scale's items."""
    from cpeval.definitions.catalogue import resolve

    one = resolve(instrument)
    keys: dict[str, list[str]] = {}
    for text in given or []:
        scale, equals, codes = text.partition("=")
        if not equals or not codes:
            raise OptionError(f"--key takes scale=items, such as domestic=1-6. Got {text!r}.")
        keys[scale] = codes.split(",")
    return one.with_keys(keys) if keys else one


def _columns(text: str | None) -> str | list[str] | None:
    """Turn ``"a,b"`` into a list; a pattern stays."""
    return text.split(",") if text is not None and "," in text else text


def _codes(text: str | None) -> dict[str, list[str | int | float]] | None:
    """Turn ``"-9,99"`` into codes for every column."""
    if text is None:
        return None
    codes: list[str | int | float] = []
    for part in text.split(","):
        try:
            codes.append(float(part))
        except ValueError:
            raise OptionError(
                f"--missing takes numbers with commas between, such as -9,99. Got {text!r}."
            ) from None
    return {"*": codes}


def _say(text: str) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(text)


#: How a function's arguments are written elsewhere.
_ELSEWHERE = {
    "score": "On the command line, items= is --items, missing= is --missing, decimal= is "
    "--decimal, prefix= is --prefix, on_invalid= is --on-invalid, coding= is --coding, "
    "value_set= is --value-set, weights= is --weights, "
    "bands= is --band-set, with_keys is --key.",
    "check": "In the study file: missing, decimal and sheet are keys of [data], unmatched of "
    "[[data.join]], items, on_invalid, recode, coding, value_set, keys and weights of "
    "[instruments.NAME].",
}
_ELSEWHERE["instruments"] = "On the command line, prefix= is --prefix."
_ELSEWHERE["evaluate"] = _ELSEWHERE["check"]


def _in_this_place(message: str) -> str:
    """Say where a message's arguments go, for who typed a command and no Python."""
    named = re.search(
        r"\b(items|missing|decimal|prefix|on_invalid|unmatched|sheet|coding|value_set|weights|bands)"
        " ?=|with_keys",
        message,
    )
    command = next((word for word in sys.argv[1:] if word in _ELSEWHERE), None)
    return f"\n{_ELSEWHERE[command]}" if named and command else ""


def main() -> None:
    """Run the command line; whatever is wrong with the input is one message, no traceback."""
    shows = warnings.showwarning

    def says(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        """Say our own warnings as sentences, without the line of code that Python would show."""
        if issubclass(category, CpevalWarning):
            _say(f"Note: {message}")
        else:
            shows(message, category, filename, lineno, file, line)

    warnings.showwarning = says
    try:
        app(prog_name="cpeval")
    except CpevalError as error:
        _say(f"Error: {error}{_in_this_place(str(error))}")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output (head, less) went away: nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
