"""The catalogue: a page for each definition that ships, made from the definition."""

import re

import cpeval as cp
from cpeval.definitions.description import describe
from cpeval.definitions.items import Item

#: What stands in the catalogue's column on trust.
STATUS = {
    "verified": "its rule was seen in its source, and scores were checked against something else",
    "provisional": "something about it could not be checked; each use warns",
    "illustrative": "made up, to learn on",
}


def texts() -> dict[str, str]:
    """Return the catalogue and a page for each instrument, by its path below ``docs``."""
    names = list(cp.instruments())
    made = {f"instruments/{name}.md": _page(cp.instrument(name)) for name in names}
    made["instruments/index.md"] = _index(names)
    return made


def _text(words: object) -> str:
    """Words as Markdown shows them unchanged, in a table too; addresses become links."""
    plain = re.sub(r"([\\`*_{}\[\]<>#|$~])", r"\\\1", " ".join(str(words).split()))
    return re.sub(r"https?://[^\s)]+[^\s).,;]", lambda m: f"<{m[0].replace(chr(92), '')}>", plain)


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        f"| {' | '.join('---' for _ in head)} |",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]


def _index(names: list[str]) -> str:
    rows = []
    for name in names:
        one = cp.instrument(name)
        rows.append(
            [f"[`{name}`]({name}.md)", _text(one.title), str(len(one.items) or "–"), one.status]
        )
    lines = [
        "# Instruments",
        "",
        "These questionnaires and fidelity scales ship with cpeval: how to score them, with short",
        "labels of our own. The wording is not here; each page says whom to ask.",
        "`cp.instruments()` gives this list.",
        "",
        *(f"- **{status}**: {said}." for status, said in STATUS.items()),
        "",
        "[What each was checked against](../instruments-checked.md).",
        "[How to define one of your own](../definitions.md).",
        "",
        *_table(["Name", "Title", "Items", "Status"], rows),
        "```{toctree}",
        ":hidden:",
        "",
        *names,
        "```",
        "",
    ]
    return "\n".join(lines)


def _page(one: cp.Instrument) -> str:
    card = describe(one)
    lines = [
        f"# {_text(one.title)}",
        "",
        f"`{one.name}`, {_text(one.version)}. Status: **{one.status}**.",
        "",
    ]
    for warning in card.warnings:
        lines += [f"**Know this first.** {_text(warning)}", ""]
    lines += [f"**Cite as.** {_text(one.citation)}", ""]
    lines += [f"**Licence.** {_text(one.licence.terms)} {_text(one.licence.address)}".rstrip(), ""]
    code = f'scored = cp.score(data, "{one.name}")'
    if not card.warnings:
        lines += ["```python", code, "```", ""]
    lines += ["## Scales", ""]
    lines += _table(
        ["Column", "What it is", "Items", "Range", "Better", "Answered at least", "Else"],
        [
            [
                f"`{row.column}`",
                _text(row.label),
                _text(row.items),
                _text(row.range),
                _text(row.better),
                "" if row.answered is None or row.answered != row.answered else str(row.answered),
                _text(row.missing),
            ]
            for row in card.table.astype(object).where(card.table.notna(), None).itertuples()
        ],
    )
    banded = [row for row in card.table.itertuples() if row.bands or row.published]
    for row in banded:
        said = ". ".join(part for part in (row.bands, row.published) if part)
        lines += [f"- `{row.column}`: {_text(said)}."]
    lines += [""] if banded else []
    if one.items:
        lines += ["## Items", "", *_items(one)]
    lines += [
        "## Where the rules are from",
        "",
        *(f"- {_text(source)}" for source in one.sources),
        "",
    ]
    return "\n".join(lines)


def _items(one: cp.Instrument) -> list[str]:
    rows = []
    for item in one.items:
        reversed_ = "yes" if item.reversed else ""
        rows.append([f"`{item.code}`", _text(item.label), _text(_answers(one, item)), reversed_])
    return _table(["Item", "Our label", "Answers", "Reversed"], rows)


def _answers(one: cp.Instrument, item: Item) -> str:
    answers = one.answers(item)
    if len(answers.codes) > 15 or answers.between:
        return f"{min(answers.codes):g} to {max(answers.codes):g}"
    return ", ".join(f"{code:g} {label}" for code, label in sorted(answers.codes.items()))
