# Entries of raw4raters and raw5obser in ../agreement.json, from PyPI's irrCAC 0.4.4 and
# krippendorff 0.9.0, which cpeval doesn't need. From this folder: python agreement_gaps.py
import json
import sys
import warnings
from importlib.metadata import version

import krippendorff
import pandas as pd
from irrCAC.raw import CAC

warnings.simplefilter("ignore")
METHODS = {
    "gwet": "gwet_ac",
    "fleiss": "fleiss_kappa",
    "krippendorff": "krippendorff_alpha",
    "conger": "conger_kappa",
    "bp": "brennan_prediger",  # its p is one-sided there
}
found = {}
for name in ("raw4raters", "raw5obser"):
    data = pd.read_csv(f"../data/{name}.csv", index_col=0)
    for weights in ("identity", "linear", "quadratic", "ordinal"):
        cac = CAC(data, weights=weights, digits=17)
        for method, ours in METHODS.items():
            found[f"{name}/{weights}/{ours}"] = getattr(cac, method)()["est"]
    for metric in ("nominal", "ordinal", "interval"):
        found[f"{name}/krippendorff_{metric}"] = krippendorff.alpha(
            reliability_data=data.T.to_numpy(dtype=float), level_of_measurement=metric
        )
versions = {package: version(package) for package in ("irrCAC", "krippendorff")}
json.dump({"versions": versions, "entries": found}, sys.stdout, indent=1, default=float)
