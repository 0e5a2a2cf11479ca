"""Labels of answers that, by what they say, are no answers: refused, missing, not applicable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

#: Whatever their code: no answer to the question.
NO_ANSWER_LABELS = frozenset(
    {
        *("answer refused", "choose not to answer", "choose not to say", "decline to answer"),
        *("decline to say", "declined", "declined to answer", "missing", "missing data"),
        *("missing value", "n.a", "n/a", "na", "no answer", "no data", "no reply", "no response"),
        *("not answered", "not applicable", "not asked", "not available", "not recorded"),
        *("not stated", "prefer not to answer", "prefer not to disclose", "prefer not to respond"),
        *("prefer not to say", "rather not answer", "rather not say", "refuse", "refuse to answer"),
        *("refused", "refused to answer", "skipped", "unanswered", "would rather not answer"),
        *("would rather not say", "do not want to answer", "do not wish to answer"),
        *("do not want to say", "do not wish to say"),
    }
)
#: No answer, unless it stands between two answers, as in yes, don't know, no.
UNKNOWN_LABELS = frozenset({"do not know", "does not know", "dk", "not known", "unknown"})


def no_answers(labels: Mapping[float, str]) -> tuple[dict[float, str], dict[float, str]]:
    """Find the codes whose labels mean no answer, as far as words can tell.

    Parameters
    ----------
    labels : mapping
        Code to label.

    Returns
    -------
    dict
        Code to label of those that mean no answer.
    dict
        Those that say so, but stand between two answers: they may be the middle of a scale.

    Notes
    -----
    A label is one of `NO_ANSWER_LABELS` or `UNKNOWN_LABELS`, or several of them with ``/``,
    commas, brackets or "or" between: "Don't know / refused". Case, outer punctuation, a leading
    "I", and the way an apostrophe is written don't matter. The lists are English; "not sure" and
    "does not apply" are not in them, since many scales have these as answers.

    Examples
    --------
    >>> no_answers({1: "Yes", 2: "Don't know", 3: "No", 9: "Prefer not to say"})
    ({9: 'Prefer not to say'}, {2: "Don't know"})
    """
    kinds = {code: _kind(label) for code, label in labels.items()}
    answers = [code for code, kind in kinds.items() if kind == ""]
    gone: dict[float, str] = {}
    between: dict[float, str] = {}
    for code, kind in kinds.items():
        if kind == "":
            continue
        inside = bool(answers) and min(answers) < code < max(answers)
        (between if kind == "unknown" and inside else gone)[code] = labels[code]
    return gone, between


def _kind(label: str) -> str:
    """Return ``"none"`` for no answer, ``"unknown"`` for one not known, else nothing."""
    parts = [_plain(part) for part in re.split(r"[,;:()\[\]]|\s[-\u2013\u2014]\s", label)]
    said = {kind for part in parts if part for kind in _kinds(part)}
    if not said or "" in said:
        return ""
    return "none" if "none" in said else "unknown"


def _kinds(part: str) -> list[str]:
    whole = _listed(part)
    if whole:
        return [whole]
    pieces = [_plain(piece) for piece in re.split(r"/|\||\bor\b", part)]
    return [_listed(piece) for piece in pieces if piece]


def _listed(text: str) -> str:
    if text in NO_ANSWER_LABELS:
        return "none"
    return "unknown" if text in UNKNOWN_LABELS else ""


def _plain(text: str) -> str:
    """Fold case, spell negations out, and drop what stands around the words."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = re.sub(r"[\u2018\u2019\u02bc`\u00b4]", "'", plain)
    plain = re.sub(r"\b(do|does)n'?t\b", r"\1 not", plain)
    plain = re.sub(r"[\s_]+", " ", plain).strip(" .*!?'\"\u201c\u201d<>-\u2013\u2014")
    return re.sub(r"^(i'd|i would|i) ", "", plain)
