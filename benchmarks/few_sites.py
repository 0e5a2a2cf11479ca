"""How often each method finds an effect that isn't there, with few sites: a simulation.

Errors: samples, in per cent, in which the true difference is rejected at 5 %, so that the 95 %
interval misses it; coverage is 100 less that. The true difference is 0, and errors are false
positives, but for one condition that shows which methods an effect leads astray.
docs/few-sites.md says what was found; its tables are what this prints.

    python benchmarks/few_sites.py            # all, about half an hour on one core
    python benchmarks/few_sites.py --quick    # a tenth of the samples, to see that it runs

It writes a row for each design, condition and method to build/few_sites.csv, with its Monte Carlo
error. ``make bench`` leaves it out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _few_sites_designs import DESIGNS, MORE_DESIGNS, SKEWED, SPREADS, Cell, cells
from _few_sites_methods import one_by_one, two_steps

FAST, SLOW, MODELS, CHUNK = 20_000, 2_000, 1_000, 5_000
#: Conditions of the methods that take one sample at a time.
PLAIN = {"covariate": "none", "sizes": "equal", "spread": "equal"}
HARD = {"covariate": "baseline", "sizes": "by arm", "spread": "by arm"}
EFFECT = {"covariate": "baseline", "sizes": "equal", "spread": "equal", "effect": 2.0}
SLOW_CONDITIONS: list[tuple[str, dict[str, Any]]] = [
    ("ICC 0", {"icc": 0.0, **PLAIN}),
    ("ICC .05", {"icc": 0.05, **PLAIN}),
    ("ICC .2", {"icc": 0.2, **PLAIN}),
    ("hard", {"icc": 0.05, **HARD}),
    ("effect", {"icc": 0.05, **EFFECT}),
]
#: And one for all but mixed models.
BY_ARM = ("sd by arm", {"icc": 0.0, "covariate": "none", "sizes": "equal", "spread": "by arm"})
CHOICE = "cpeval's choice"
#: What is done with each design; the place goes into the seed.
WHAT = ("all samples at once", "one sample at a time", "skewed teams", "sd by arm")


def rows(
    cell: Cell, pvalues: dict[str, np.ndarray], *, one_by_one: str = ""
) -> Iterator[dict[str, object]]:
    """Say how often each p is at most .05, among samples with an answer."""
    for method, p in pvalues.items():
        answered = ~np.isnan(p)
        n = int(answered.sum())
        share = (p[answered] <= 0.05).mean() if n else np.nan
        yield {
            "design": cell.design.name,
            "icc": cell.icc,
            "sizes": cell.sizes,
            "spread": cell.spread,
            "covariate": cell.covariate,
            "effect": cell.effect,
            "method": method,
            "one_by_one": one_by_one,
            "errors": 100 * share,
            "mc_se": 100 * np.sqrt(max(share * (1 - share), 1 / n if n else 0) / n)
            if n
            else np.nan,
            "coverage": 100 * (1 - share),
            "n": n,
            "without_answer": p.size - n,
        }


def together(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Join p values of several batches; a method may be in some of them only."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {
        name: np.concatenate([np.atleast_1d(part[name]) for part in parts if name in part])
        for name in names
    }


def fast(cell: Cell, samples: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Run the methods that take all samples at once."""
    sizes = [min(CHUNK, samples - start) for start in range(0, samples, CHUNK)]
    return together([two_steps(cell.draw(size, rng), cell) for size in sizes])


def slow(
    cell: Cell, share: float, rng: np.random.Generator, *, models: bool = True
) -> dict[str, np.ndarray]:
    """Run the methods that take one sample at a time; mixed models on the first half."""
    samples, most = int(SLOW * share), int(MODELS * share) if models else 0
    drawn = cell.draw(samples, rng)
    return together([one_by_one(one, cell, k, models=k < most) for k, one in enumerate(drawn)])


def study(*, quick: bool, seed: int, out: Path) -> pd.DataFrame:
    """Run everything; after each design what was found so far is written."""
    share = 0.1 if quick else 1.0
    designs = list(enumerate([*DESIGNS, *MORE_DESIGNS]))
    steps = [(design, "all samples at once") for design in designs]
    steps += [(design, "one sample at a time") for design in designs[: len(DESIGNS)]]
    steps += [(design, "skewed teams") for design in designs]
    steps += [(design, "sd by arm") for design in designs[: len(DESIGNS)]]
    found: list[dict[str, object]] = []
    for step, ((number, design), what) in enumerate(steps):
        print(f"{step + 1} of {len(steps)}: {design.name}, {what}", file=sys.stderr, flush=True)
        rng = np.random.default_rng([seed, number, WHAT.index(what)])
        if what == "one sample at a time":
            for name, condition in SLOW_CONDITIONS:
                cell = Cell(design=design, **condition)
                found += rows(cell, slow(cell, share, rng), one_by_one=name)
        elif what == "sd by arm":
            cell = Cell(design=design, **BY_ARM[1])
            found += rows(cell, slow(cell, share, rng, models=False), one_by_one=BY_ARM[0])
        else:
            for cell in cells(design, SPREADS if what == WHAT[0] else (SKEWED,)):
                found += rows(cell, fast(cell, int(FAST * share), rng))
        write(pd.DataFrame(found), out)
    return pd.DataFrame(found)


def write(found: pd.DataFrame, out: Path) -> None:
    """Write the rows, whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_suffix(".partial")
    found.to_csv(partial, index=False)
    partial.replace(out)


def extremes(table: pd.DataFrame) -> dict[str, str]:
    """Summarise a method in a design: without complications, and over everything."""
    normal = table[table["spread"] != SKEWED]
    plain = normal[(normal[list(PLAIN)] == pd.Series(PLAIN)).all(axis=1)]["errors"]
    worst = normal.loc[normal["errors"].idxmax()]
    skewed = table[table["spread"] == SKEWED]["errors"]
    return {
        "plain": f"{plain.min():.1f}-{plain.max():.1f}",
        "least": f"{normal['errors'].min():.1f}",
        "most": f"{normal['errors'].max():.1f} ({worst['mc_se']:.2f})",
        "where the most": ", ".join(
            [f"ICC {worst['icc']:g}", *(f"{key} {worst[key]}" for key in PLAIN)]
        ),
        "skewed": f"{skewed.min():.1f}-{skewed.max():.1f}",
    }


def markdown(table: pd.DataFrame) -> str:
    """Write a frame as a Markdown table."""
    lines = [list(table.columns), ["---"] * table.shape[1], *table.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def show(found: pd.DataFrame) -> None:
    """Print what docs/few-sites.md has its tables from."""
    designs = list(dict.fromkeys(found["design"]))
    batched, single = found[found["one_by_one"] == ""], found[found["one_by_one"] != ""]
    for method in sorted(set(batched["method"]), key=lambda name: name != CHOICE):
        own = batched[batched["method"] == method]
        lines = [
            {"design": design, **extremes(own[own["design"] == design])}
            for design in designs
            if (own["design"] == design).any()
        ]
        print(f"\n## {method}\n\n{markdown(pd.DataFrame(lines))}")
    shown = single.assign(errors=single["errors"].map("{:.1f}".format))
    for design in [one for one in designs if one in set(single["design"])]:
        own = shown[shown["design"] == design]
        wide = own.pivot_table(
            index="method", columns="one_by_one", values="errors", aggfunc="first", sort=False
        ).fillna("")
        print(f"\n## One sample at a time: {design}\n\n{markdown(wide.reset_index())}")
    none = found[found["without_answer"] > 0].groupby("method")["without_answer"].sum()
    print("\n## Samples without an answer\n\n" + (none.to_string() if len(none) else "none"))


def main() -> None:
    """Run, write and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/few_sites.csv"))
    given = parser.parse_args()
    show(study(quick=given.quick, seed=given.seed, out=given.out))


if __name__ == "__main__":
    main()
