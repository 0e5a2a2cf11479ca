"""Text of a definition made inert for the program that will show it.

Labels of somebody's own definition are data: no program may take them for a formula, markup, a
reference to another field, or a tag of its own.
"""

from __future__ import annotations

import re
import unicodedata

from cpeval.spreadsheet_safety import defused

#: Braces hold references to fields; round brackets read the same and hold nothing.
_ROUND = str.maketrans("{}", "()")


def one_line(text: str) -> str:
    r"""Put text on one line, without characters that no sheet or page can hold.

    >>> one_line(" a\tb\n c\x00 ")
    'a b c'
    """
    shown = (
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
        for c in text
        if unicodedata.category(c) != "Cs" and c not in "\ufffe\uffff"
    )
    return " ".join("".join(shown).split())


def for_sheet(text: str) -> str:
    """Make text safe in the cell of a spreadsheet, which holds 32,767 characters at most."""
    return defused(one_line(text))[:32_767]


def for_redcap(text: str) -> str:
    """Make text safe in REDCap: no piping or smart variable, embedded field, or HTML.

    >>> for_redcap("<b>[event-name]</b> {x}, R&D")
    '&lt;b>(event-name)&lt;/b> (x), R&D'
    """
    plain = one_line(text).translate(str.maketrans("[]{}", "()()"))
    return _without_html(plain)


def for_redcap_choice(text: str) -> str:
    """Make text safe as the label of a choice, which a pipe would end."""
    return for_redcap(text).replace("|", "/")


def for_xlsform(text: str) -> str:
    """Make text safe in an XLSForm: no reference to a field, no HTML.

    >>> for_xlsform("${x} <span> a < b")
    '$(x) < span> a < b'
    """
    plain = one_line(text).translate(_ROUND)
    return defused(re.sub(r"<(?=[A-Za-z/!?])", "< ", plain))[:32_767]


def for_qualtrics(text: str) -> str:
    """Make text safe in Qualtrics' TXT format: no tag, piped text or HTML.

    >>> for_qualtrics("[[Block]] ${e://Field/x} {y}")
    '[ [Block] ] $(e://Field/x) (y)'
    """
    plain = one_line(text).translate(_ROUND)
    return defused(_without_html(re.sub(r"\[(?=\[)|\](?=\])", r"\g<0> ", plain)))


def for_limesurvey(text: str) -> str:
    """Make text safe in LimeSurvey: no expression in braces, no HTML.

    >>> for_limesurvey("{TOKEN:EMAIL} <i>")
    '(TOKEN:EMAIL) &lt;i>'
    """
    return defused(_without_html(one_line(text).translate(_ROUND)))


def _without_html(text: str) -> str:
    """Spell ``<``, and ``&`` where it would start an entity, so that a page shows them."""
    return re.sub(r"&(?=#?\w+;)", "&amp;", text).replace("<", "&lt;")
