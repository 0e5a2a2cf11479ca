"""What answers to items can't show, and the call that shows it where there is one."""

from __future__ import annotations

from cpeval.measurement.methods_report.section import Section

CONTENT = Section(
    heading="Content validity",
    text=(
        "Not computable from answers: whether the items (and on their face the whole) are "
        "relevant, comprehensive and understood is asked of the people concerned and of "
        "professionals (Terwee et al., 2018)."
    ),
)

OTHER_MEASURES = Section(
    heading="Criterion validity and hypotheses testing",
    text=(
        "Not examined here: both need another measure, or groups that should differ, and "
        "hypotheses stated before (Prinsen et al., 2018)."
    ),
)

RESPONSIVENESS = Section(
    heading="Responsiveness",
    text=(
        "Not examined here: it needs scores before and after, and best an anchor. "
        "measurement.responsiveness(before, after, anchor=...) gives effect sizes, the area under "
        "the curve and the minimal important difference."
    ),
)
