"""What each command of ``cpeval`` takes, from the command line itself."""

import click
import typer

from cpeval.cli import app


def texts() -> dict[str, str]:
    """Return the page on commands."""
    group = typer.main.get_command(app)
    lines = [
        "# The command line",
        "",
        f"{group.help} {group.epilog}",
        "",
        "`cpeval COMMAND --help` shows the same in a terminal.",
        "",
    ]
    for name, command in group.commands.items():
        lines += _command(name, command)
    return {"reference/command-line.md": "\n".join(lines)}


def _command(name: str, command: click.Command) -> list[str]:
    context = click.Context(command, info_name=f"cpeval {name}")
    usage = command.get_usage(context).removeprefix("Usage: ")
    lines = [f"## cpeval {name}", "", *(command.help or "").splitlines(), "", "```text"]
    lines += [" ".join(usage.split()), "```", ""]
    rows = [record for one in command.params if (record := _row(one, context))]
    if rows:
        lines += ["| | What it says |", "| --- | --- |", *rows, ""]
    return lines


def _row(parameter: click.Parameter, context: click.Context) -> str | None:
    record = parameter.get_help_record(context)
    if record is None or "--help" in record[0]:
        return None
    name, said = record
    return f"| `{name.strip()}` | {_cell(' '.join(said.split()))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("[", "\\[").replace("*", "\\*").replace("{", "\\{")
