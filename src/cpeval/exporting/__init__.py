"""Files made from definitions: codebooks, entry sheets, and forms for survey software.

Each function takes one instrument or several, by name, path or object. They hold neutral labels,
never a questionnaire's wording, and say where to get it.
"""

from cpeval.exporting.codebook import Codebook, codebook
from cpeval.exporting.entry_sheet import to_excel
from cpeval.exporting.exported import Exported
from cpeval.exporting.limesurvey import to_limesurvey
from cpeval.exporting.qualtrics import to_qualtrics
from cpeval.exporting.rating_sheet import to_rating_sheet
from cpeval.exporting.redcap import to_redcap
from cpeval.exporting.toml_text import to_toml
from cpeval.exporting.xlsform import to_xlsform

__all__ = [
    "Codebook",
    "Exported",
    "codebook",
    "to_excel",
    "to_limesurvey",
    "to_qualtrics",
    "to_rating_sheet",
    "to_redcap",
    "to_toml",
    "to_xlsform",
]
