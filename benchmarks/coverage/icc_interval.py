"""How often the 95 % interval of `cp.sites.icc` holds the truth, by simulation.

Sites of unequal size, half of them in each arm, a covariate that differs between sites and people.
Normal outcomes, and 0 and 1 of the same intraclass correlation (a beta distribution of each site's
risk about .3), for which the interval is approximate. Monte Carlo error of 20,000 samples at 95 %:
0.15 points.

Takes about five minutes, so ``make bench`` leaves it out. The figures in docs/coverage.md are from
here.
"""

from collections.abc import Callable

import numpy as np

from cpeval.moments.icc_interval import icc_interval

SAMPLES = 20_000
ICC = (0.0, 0.05, 0.2)
RISK = 0.3
DESIGNS = {
    "6 sites of 5 to 60": (5, 8, 12, 20, 35, 60),
    "10 sites of 15": (15,) * 10,
    "10 sites of 4 to 80": (4, 6, 8, 10, 12, 15, 20, 30, 50, 80),
    "30 sites of 2 to 40": tuple(np.linspace(2, 40, 30).round().astype(int)),
}


def normal(site: np.ndarray, icc: float, rng: np.random.Generator) -> np.ndarray:
    """Draw outcomes with a variance of 1 within and between sites together."""
    effects = rng.normal(0, np.sqrt(icc), site[-1] + 1)
    return effects[site] + rng.normal(0, np.sqrt(1 - icc), len(site))


def binary(site: np.ndarray, icc: float, rng: np.random.Generator) -> np.ndarray:
    """Draw outcomes 0 and 1."""
    risk = np.full(site[-1] + 1, RISK)
    if icc > 0:
        size = (1 - icc) / icc
        risk = rng.beta(RISK * size, (1 - RISK) * size, site[-1] + 1)
    return (rng.random(len(site)) < risk[site]).astype(float)


def coverage(
    sizes: tuple[int, ...],
    draw: Callable[[np.ndarray, float, np.random.Generator], np.ndarray],
    icc: float,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Return the shares of samples whose interval lies below and above the truth, in per cent."""
    site = np.repeat(np.arange(len(sizes)), sizes)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    known = np.empty((len(site), 4))
    known[:, 0], known[:, 1] = 1.0, site % 2
    below = above = used = 0
    while used < SAMPLES:
        known[:, 2] = rng.normal(0, 1, len(sizes))[site] + rng.normal(0, 1, len(site))
        known[:, 3] = draw(site, icc, rng) + 0.2 * known[:, 2]
        products = (known[:, :, None] * known[:, None, :]).reshape(len(site), -1)
        blocks = np.add.reduceat(products, starts).reshape(-1, 4, 4)
        found = icc_interval(blocks, sizes)
        below += found.high < icc
        above += found.low > icc
        used += 1
    return 100 * below / SAMPLES, 100 * above / SAMPLES


def main() -> None:
    """Simulate and print the table."""
    rng = np.random.default_rng(1)
    for name, sizes in DESIGNS.items():
        for kind, draw in (("normal", normal), ("0 and 1", binary)):
            for icc in ICC:
                below, above = coverage(sizes, draw, icc, rng)
                print(
                    f"{name}, {kind}, ICC {icc}: holds {100 - below - above:.1f} "
                    f"(below it {below:.1f}, above it {above:.1f})",
                    flush=True,
                )


if __name__ == "__main__":
    main()
