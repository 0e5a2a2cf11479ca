"""Make answers.csv of lesson 2: twenty people who don't exist, with the faults of real files."""

import numpy as np
import pandas as pd

from cpeval.shipped import shipped_folder

FILE = shipped_folder("tutorials") / "data" / "answers.csv"
ITEMS = [f"swemwbs_{n}" for n in range(1, 8)]


def clean_answers():
    """Twenty people, asked twice, before anybody made a mistake."""
    rng = np.random.default_rng(2)
    people = pd.DataFrame({"person": [f"P{n:02}" for n in range(1, 21)]})
    people["trust"] = np.repeat(["Trust A", "Trust B"], 10)
    people["team"] = np.repeat(["A1", "A2", "B1", "B2"], 5)
    people["arm"] = np.tile(np.repeat(["CP", "usual"], 5), 2)
    people["age"] = rng.integers(21, 66, 20)
    wellbeing = rng.normal(3.2, 0.6, 20)
    waves = []
    for wave, more in (("t0", 0), ("t1", 0.3)):
        answers = wellbeing[:, None] + more + rng.normal(0, 0.7, (20, 7))
        codes = pd.DataFrame(answers.round().clip(1, 5).astype(int), columns=ITEMS)
        waves.append(pd.concat([people.assign(wave=wave), codes], axis=1))
    data = pd.concat(waves).sort_values(["person", "wave"], ignore_index=True)
    # What the two answers were that are mistyped below.
    at = _place_in(data)
    data.loc[at(("P05", "t0")), "swemwbs_4"] = 4
    data.loc[at(("P09", "t1")), "swemwbs_1"] = 4
    return data


def _place_in(data):
    """A function that says in which row a person's sheet of a wave is."""
    return data.set_index(["person", "wave"]).index.get_loc


def with_faults():
    """The same, as it came from the Trusts."""
    data = clean_answers().astype(object)
    at = _place_in(data)
    data.loc[at(("P03", "t0")), "swemwbs_2"] = -9
    data.loc[at(("P08", "t1")), ["swemwbs_5", "swemwbs_6"]] = -9
    data.loc[at(("P14", "t0")), "swemwbs_6"] = -9
    data.loc[at(("P05", "t0")), "swemwbs_4"] = 44
    data.loc[at(("P09", "t1")), "swemwbs_1"] = "often"
    data.loc[at(("P11", "t1")), "age"] = f"{data.loc[at(('P11', 't1')), 'age']} years"
    data.loc[at(("P16", "t1")), "arm"] = "CP"
    data.loc[at(("P18", "t0")), "trust"] = "trust B "
    twice = data.iloc[[at(("P12", "t0"))]]
    place = at(("P12", "t0"))
    return pd.concat([data[: place + 1], twice, data[place + 1 :]], ignore_index=True)


if __name__ == "__main__":
    with_faults().to_csv(FILE, index=False)
