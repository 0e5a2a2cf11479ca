"""How columns, arms, waves and results are called on a page and in a sheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from cpeval.report.disclosure import Withheld

if TYPE_CHECKING:
    from cpeval.evaluated import Evaluation, Outcome

#: Columns of result tables, as a reader sees them.
COLUMNS = {
    "after": "Mean after",
    "alpha_if_deleted": "Alpha without the item",
    "analysis": "Analysis",
    "before": "Mean before",
    "category": "Category",
    "cells": "Cells",
    "ci_high": "Interval to",
    "ci_low": "Interval from",
    "coefficient": "Coefficient",
    "column": "Column",
    "count": "Number",
    "density": "Density of ties",
    "d_av": "d (average SD)",
    "d_z": "d (SD of changes)",
    "d_z_high": "d (SD of changes), to",
    "d_z_low": "d (SD of changes), from",
    "df": "df",
    "estimate": "Estimate",
    "excluded": "Left out",
    "expected": "Expected number",
    "expected_share": "Expected share",
    "fidelity": "Fidelity",
    "group": "Arm",
    "hedges_g": "Hedges' g",
    "hedges_g_high": "Hedges' g, to",
    "hedges_g_low": "Hedges' g, from",
    "item": "Item",
    "joined": "Joined after baseline",
    "label": "Name",
    "level": "Category",
    "lost": "Not seen",
    "mean": "Mean",
    "median": "Median",
    "missing": "No score",
    "n": "People",
    "n_clusters": "Groups",
    "n_comparison": "People, comparison",
    "n_intervention": "People, intervention",
    "n_items": "Items",
    "n_means": "Teams' means",
    "n_occasions": "Occasions",
    "p": "p",
    "percent": "Per cent",
    "problem": "Problem",
    "reference": "Compared with",
    "scale": "Scale",
    "sd": "SD",
    "sd_after": "SD after",
    "sd_before": "SD before",
    "se": "Standard error",
    "severity": "Kind",
    "site": "Site",
    "share": "Networks with any",
    "smd": "Standardised difference",
    "starts_at": "Starts at",
    "statistic": "t",
    "term": "Characteristic",
    "wave": "Wave",
}
#: Kept though not printable: line ends, tabs, no-break spaces, and joiners within words.
_KEPT = "\t\n\u00a0\u202f\u200c\u200d"
#: Results by the last part of their name.
TITLES = {
    "baseline": "People at baseline",
    "change": "change within each arm",
    "compare": "difference between arms",
    "data": "State of the data",
    "fidelity/agreement": "Agreement between those who rated delivery",
    "fidelity/classification": "Categories of delivery",
    "fidelity/drift": "Change of delivery over time",
    "fidelity/outcome": "Delivery and outcome by site",
    "fidelity/profile": "Delivery by site",
    "means": "means by wave and arm",
    "networks/average": "Average personal networks",
    "networks/composition": "Who is in personal networks",
    "networks/kinds": "Kinds in personal networks",
    "networks/structure": "Other measures of personal networks",
    "networks/turnover": "Who stayed, went and came in personal networks",
    "participants": "Who took part",
    "reliability": "Reliability of the scales",
}


def printable(text: object) -> str:
    """Return text without characters that no page, sheet or file can hold.

    Control characters go, halves of characters, and marks that turn the direction of writing,
    which could make a name read as another. The joiners that some scripts need stay.

    >>> printable("a" + chr(0) + "b" + chr(0xD800) + chr(0x202E))
    'ab'
    """
    return "".join(c for c in str(text) if c.isprintable() or c in _KEPT)


def plain_value(value: object) -> str:
    """Return a value as text, whole floats as integers, as the keys of value labels are.

    >>> plain_value(6.0), plain_value("t1"), plain_value(True)
    ('6', 't1', 'True')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return printable(value)


@dataclass(frozen=True, eq=False)
class Names:
    """The labels of one evaluation, with words that read well where there is no label."""

    evaluation: Evaluation

    def column(self, name: object) -> str:
        """Return the label of a column of the data."""
        return printable(self.evaluation.labels.get(str(name), str(name)))

    def value(self, column: str | None, value: object) -> str:
        """Return the label of a value of a column, or the value."""
        if isinstance(value, Withheld):
            return str(value)
        if pd.isna(value):  # type: ignore[call-overload]
            return ""
        labels = self.evaluation.value_labels.get(column or "", {})
        found = labels.get(plain_value(value), labels.get(str(value)))
        return printable(found) if found is not None else plain_value(value)

    def has_label(self, column: str | None, value: object) -> bool:
        """Say whether the study labels that value."""
        labels = self.evaluation.value_labels.get(column or "", {})
        return plain_value(value) in labels or str(value) in labels

    def arm(self, value: object) -> str:
        """Return an arm's label: ``"clinic"``, ``"arm 1"`` without one, ``"everyone"``."""
        arm = self.evaluation.study.arm
        if arm is None or value == "all":
            return "everyone"
        label = self.value(arm, value)
        return label if self.has_label(arm, value) or not _is_number(label) else f"arm {label}"

    def people_in(self, value: object) -> str:
        """Return ``"people in the clinic arm"`` and the like."""
        label = self.arm(value)
        if label == "everyone":
            return "people"
        if label.lower().startswith("arm "):
            return f"people in {label}"
        tail = "" if label.lower().endswith(("arm", "group")) else " arm"
        return f"people in the {label}{tail}"

    def the_arm(self, value: object) -> str:
        """Return ``"the clinic arm"`` and the like."""
        return self.people_in(value).removeprefix("people in ")

    def wave(self, value: object) -> str:
        """Return a wave's label: ``"6 months"``, ``"wave 6"`` without one."""
        study = self.evaluation.study
        label = self.value(study.wave, value)
        if self.has_label(study.wave, value):
            return label
        if study.baseline is not None and value == study.baseline:
            return "baseline" if _is_number(label) else label
        return f"wave {label}" if _is_number(label) else label

    def head_of_arm(self, value: object) -> str:
        """Return an arm's label as a heading; a bare code keeps its case."""
        label = self.arm(value)
        return label if label == plain_value(value) else capital(label)

    def head_of_wave(self, value: object) -> str:
        """Return a wave's label as a heading; a bare code keeps its case."""
        label = self.wave(value)
        return label if label == plain_value(value) else capital(label)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes, and the measures of networks that are compared as those are."""
        networks = self.evaluation.networks
        return (*self.evaluation.outcomes, *(networks.measures if networks else ()))

    def outcome_of(self, result: str) -> tuple[Outcome | None, list[str]]:
        """Split the name of a result into its outcome, if any, and the rest."""
        # The longest column first: a column's own name may hold a slash.
        for outcome in sorted(self.outcomes, key=lambda o: -len(o.column)):
            if result.startswith(f"{outcome.column}/"):
                return outcome, result[len(outcome.column) + 1 :].split("/", 1)
        return None, [result]

    def place(self, name: str) -> str:
        """Return where in a page a result is told: ``"Depression, 12 months"``."""
        outcome, parts = self.outcome_of(name)
        title = self.result(name)
        if outcome is None:
            return title
        wave = title.rsplit(", ", 1)[-1] if parts[0] in ("change", "compare") else ""
        return printable(outcome.label) + (f", {wave}" if wave and wave != title else "")

    def result(self, name: str) -> str:
        """Return the title of a result: ``"Depression: difference between arms, 12 months"``."""
        outcome, parts = self.outcome_of(name)
        what = TITLES.get(parts[0], parts[0])
        if outcome is None:
            return printable(what)
        wave = self._wave_of(parts)
        return printable(f"{outcome.label}: {what}" + (f", {wave}" if wave else ""))

    def not_computed(self, name: str) -> str:
        """Say that an analysis could not be computed, without the reason: it may hold counts."""
        outcome, parts = self.outcome_of(name)
        whats = {"means": "the means", "change": "the change", "compare": "the comparison"}
        if outcome is None:
            return f"{self.result(name)}: could not be computed."
        what = whats.get(parts[0], parts[0])
        wave = self._wave_of(parts)
        at = f" at {wave}" if wave else ""
        return printable(f"{outcome.label}: {what}{at} could not be computed.")

    def _wave_of(self, parts: list[str]) -> str:
        """Return the follow-up that a result is about, from the parts of its name."""
        follow_ups = self.evaluation.study.follow_ups
        if len(parts) > 1:
            known = [wave for wave in follow_ups if str(wave) == parts[1]]
            return self.wave(known[0]) if known else parts[1]
        about = parts[0] in ("change", "compare") and follow_ups
        return self.wave(follow_ups[0]) if about else ""


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).removeprefix("-").isdigit()


def capital(text: str) -> str:
    """Return text with its first letter large, the rest as it is.

    >>> capital("six months"), capital("")
    ('Six months', '')
    """
    return text[:1].upper() + text[1:]
