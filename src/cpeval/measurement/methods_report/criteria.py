"""Published criteria that a number is held against, each with its source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """A bound on a number.

    Attributes
    ----------
    words : {"at least", "at most", "below", "exactly"}
        How a number must lie to the bound.
    bound : float
    source : str
        Who set it.
    """

    words: str
    bound: float
    source: str

    def met(self, estimate: float) -> bool | None:
        """Say whether a number meets it; None if there is no number.

        >>> ALPHA.met(0.7), ALPHA.met(0.69), ALPHA.met(float("nan"))
        (True, False, None)
        """
        if not isfinite(estimate):
            return None
        return {
            "at least": estimate >= self.bound,
            "at most": estimate <= self.bound,
            "below": estimate < self.bound,
            "exactly": estimate == self.bound,
        }[self.words]

    @property
    def cited(self) -> str:
        """The source as it stands in brackets.

        >>> ALPHA.cited
        'Prinsen et al., 2018'
        """
        return re.sub(r" \((\d{4})\)", r", \1", self.source)

    def __str__(self) -> str:
        return f"{self.words} {self.bound:g}"


COSMIN = "Prinsen et al. (2018)"

ONE_DIMENSION = Criterion(words="exactly", bound=1, source="Horn (1965)")
SCALABLE = Criterion(words="at least", bound=0.3, source="Mokken (1971)")
ITEM_SCALABLE = Criterion(words="at least", bound=0.3, source=f"Mokken (1971); {COSMIN}")
NOT_SERIOUS = Criterion(words="below", bound=80, source="Molenaar & Sijtsma (2000)")
ORDERED = Criterion(words="at least", bound=0.3, source="Ligtvoet et al. (2010)")
ALPHA = Criterion(words="at least", bound=0.7, source=COSMIN)
ITEM_REST = Criterion(words="at least", bound=0.3, source="Nunnally & Bernstein (1994)")
NO_BIAS = Criterion(words="below", bound=0.035, source="Jodoin & Gierl (2001)")
ICC = Criterion(words="at least", bound=0.7, source=COSMIN)
FLOOR = Criterion(words="at most", bound=0.15, source="Terwee et al. (2007)")

#: Above this alpha, items may say the same (Terwee et al. 2007).
REDUNDANT = 0.95

#: From which H a scale is called what (Mokken 1971).
STRENGTHS = ((0.5, "a strong scale"), (0.4, "a medium scale"), (0.3, "a weak scale"))

REFERENCES = (
    "Horn (1965). A rationale and test for the number of factors in factor analysis. "
    "Psychometrika, 30(2), 179-185.",
    "Jodoin & Gierl (2001). Evaluating type I error and power rates using an effect size measure "
    "with the logistic regression procedure for DIF detection. Applied Measurement in Education, "
    "14(4), 329-349.",
    "Ligtvoet, van der Ark, te Marvelde & Sijtsma (2010). Investigating an invariant item ordering "
    "for polytomously scored items. Educational and Psychological Measurement, 70(4), 578-595.",
    "Mokken (1971). A theory and procedure of scale analysis. Mouton.",
    "Mokkink et al. (2010). The COSMIN study reached international consensus on taxonomy, "
    "terminology, and definitions of measurement properties. Journal of Clinical Epidemiology, "
    "63(7), 737-745.",
    "Molenaar & Sijtsma (2000). MSP5 for Windows: User's manual. iec ProGAMMA.",
    "Nunnally & Bernstein (1994). Psychometric theory (3rd ed.). McGraw-Hill.",
    "Prinsen et al. (2018). COSMIN guideline for systematic reviews of patient-reported outcome "
    "measures. Quality of Life Research, 27(5), 1147-1157.",
    "Terwee et al. (2007). Quality criteria were proposed for measurement properties of health "
    "status questionnaires. Journal of Clinical Epidemiology, 60(1), 34-42.",
    "Terwee et al. (2018). COSMIN methodology for evaluating the content validity of "
    "patient-reported outcome measures. Quality of Life Research, 27(5), 1159-1170.",
)
