"""Make second_office.csv of lesson 4: nobody is real; one item is typed the wrong way round."""

import numpy as np
import pandas as pd

from cpeval.shipped import shipped_folder

FILE = shipped_folder("tutorials") / "data" / "second_office.csv"
WRONG = "swemwbs_5"


def second_office():
    """120 people's answers to seven items that go together, one of them from 5 to 1."""
    rng = np.random.default_rng(4)
    answers = 3.2 + rng.normal(0, 0.8, (120, 1)) + rng.normal(0, 0.8, (120, 7))
    codes = answers.round().clip(1, 5).astype(int)
    data = pd.DataFrame(codes, columns=[f"swemwbs_{n}" for n in range(1, 8)])
    data[WRONG] = 6 - data[WRONG]
    return data


if __name__ == "__main__":
    second_office().to_csv(FILE, index=False)
