"""Moments as a JSON file: what is refused on the way out, and on the way in."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from cpeval.errors import DataError, OptionError, OutputError, ReadError, listed
from cpeval.moments.choosing import with_units
from cpeval.moments.coding import INTERCEPT
from cpeval.moments.noise import (
    Noise,
    gaussian_sd,
    noisy_moments,
    require_budget,
    sensitivity,
)
from cpeval.moments.site_moments import VERSION, Counts, Floats, SiteMoments
from cpeval.moments.unit_sums import symmetric
from cpeval.moments.zero_or_one import zero_or_one

#: What the file says that it is.
_KIND = "cpeval site moments"

#: How large a file may be: a thousand sites with fifty terms are about 50 MB.
_MOST_BYTES = 500_000_000

_TEXTS = ("formula", "outcome", "site_column")
_OPTIONAL = ("team_column", "weights_column")
_ARRAYS = ("n", "dropped", "weight", "origin", "offset", "cross")
_KEYS = {"kind", "version", "discloses", "terms", "parts", "levels", "site", "team", "checksum"}
_KEYS |= {"bounds", "noise"}
_KEYS |= {*_TEXTS, *_OPTIONAL, *_ARRAYS}

_DISCLOSES = (
    "Per unit, exactly: the number of people used and left out, the mean of every column, and "
    "cross-products (standard deviations and correlations). Of a true/false column: how many are "
    "at each level, and their means of the other columns. No records, and no noise."
)
_DISCLOSES_WITH_NOISE = (
    "Per unit of the sites under 'noise', with noise in every number: the number of people used, "
    "the mean of every column, and cross-products. For adding or removing one row they are "
    "together (epsilon, delta)-differentially private; labels, levels and bounds count as known. "
    "Nothing of people left out. Of other sites: the same without noise. No records."
)


def write(moments: SiteMoments, path: Path, minimum: int) -> Path:
    """Write moments; see `SiteMoments.to_json`."""
    if isinstance(minimum, bool) or not isinstance(minimum, int) or minimum < 1:
        raise OptionError(f"'minimum' is a whole number of people, at least 1. Got {minimum!r}.")
    if path.suffix.lower() != ".json":
        raise OptionError(f"The file to write should end in .json. Got {str(path)!r}.")
    small = _too_small(moments, minimum)
    if small:
        raise DataError(
            f"Cells with fewer than {minimum} people can't be shared:\n"
            + "\n".join(f"- {cell}" for cell in small[:50])
            + (f"\n- and {len(small) - 50} more" if len(small) > 50 else "")
            + "\nLeave the site out (drop), take fewer terms (select), join levels, or have "
            "moments by site rather than team. Noise (epsilon) hides small cells, in units that it "
            "doesn't drown."
        )
    discloses = _DISCLOSES_WITH_NOISE if moments.noise else _DISCLOSES
    content: dict[str, Any] = {"kind": _KIND, "version": VERSION, "discloses": discloses}
    content |= {name: getattr(moments, name) for name in (*_TEXTS, *_OPTIONAL)}
    content |= {"terms": list(moments.terms), "parts": list(moments.parts)}
    content["levels"] = {factor: list(values) for factor, values in moments.levels.items()}
    content |= {"site": list(moments.site), "team": list(moments.team)}
    content |= {name: getattr(moments, name).tolist() for name in _ARRAYS}
    known = [bool(np.isfinite(pair).all()) for pair in moments.bounds]
    content["bounds"] = [
        pair if there else None for pair, there in zip(moments.bounds.tolist(), known, strict=True)
    ]
    content["noise"] = [
        {"epsilon": one.epsilon, "delta": one.delta, "sites": list(one.sites)}
        for one in moments.noise
    ]
    content["checksum"] = _checksum(content)
    temporary = path.with_name(f".{secrets.token_hex(4)}.part.json")
    try:
        temporary.write_text(
            json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False), encoding="utf-8"
        )
        temporary.replace(path)
    except OSError as problem:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"{str(path)!r} can't be written: {problem}.") from None
    return path


def with_noise(
    moments: SiteMoments, epsilon: float, delta: float, seed: int | np.random.Generator | None
) -> SiteMoments:
    """Return moments that are differentially private; see `SiteMoments.to_json`.

    Units without rows are left out, and nothing is told of rows that were left out. Means are from
    the middle of the bounds, not from an origin that the data gave.
    """
    require_noise(moments, epsilon, delta)
    used = with_units(moments, np.flatnonzero(moments.n > 0))
    sd = gaussian_sd(epsilon, delta) * sensitivity(len(used.columns))
    found = noisy_moments(
        used.weight,
        used.origin + used.offset,
        used.cross,
        used.bounds,
        sd,
        np.random.default_rng(seed),
    )
    n = np.maximum(np.round(found.n), 0).astype(np.int64)
    origin = used.bounds.mean(axis=1)
    return replace(
        used,
        n=n,
        dropped=np.zeros_like(n),
        weight=n.astype(float),
        origin=origin,
        offset=np.where(n[:, np.newaxis] > 0, found.mean - origin, 0.0),
        cross=symmetric(found.cross),
        noise=(Noise(epsilon=float(epsilon), delta=float(delta), sites=used.sites),),
    )


def require_noise(moments: SiteMoments, epsilon: float, delta: float) -> None:
    """Raise `OptionError` where noise would not keep its promise."""
    require_budget(epsilon, delta)
    if moments.noise:
        raise OptionError("These moments have noise already. Each release of the same people adds.")
    if moments.weights_column is not None:
        raise OptionError("Noise is for moments without weights: a weight can be of any size.")
    open_ended = np.flatnonzero(np.isnan(moments.bounds).any(axis=1))
    if open_ended.size:
        which = [moments.columns[k] for k in open_ended.tolist()]
        raise OptionError(
            f"Noise needs to know between which values these lie: {listed(which)}. Say it when the "
            "moments are made: SiteMoments.from_data(..., bounds={'y': (14, 70)}), from the "
            "questionnaire and not from the data."
        )


def _too_small(moments: SiteMoments, minimum: int) -> list[str]:
    """Name small cells of exact units, and units that with their noise count too few."""
    within = {site for one in moments.noise for site in one.sites}
    noisy = np.array([site in within for site in moments.site], dtype=bool)
    found = _small_cells(with_units(moments, np.flatnonzero(~noisy)), minimum)
    for g in map(int, np.flatnonzero(noisy & (moments.n < minimum))):
        found.append(f"{_unit_name(moments, g)}: {moments.n[g]} people, drowned by the noise")
    return found


def _small_cells(moments: SiteMoments, minimum: int) -> list[str]:
    """Name the cells that have people, but fewer than the minimum.

    Cells: units; columns of 0 and 1 (dummies, their products, an outcome) in a unit; and two such
    columns crossed, since their cross-product is how many people have both. The reference of a
    category is those at none of its levels.
    """
    used = np.flatnonzero(moments.n > 0)
    n = moments.n[used]
    names = [_unit_name(moments, int(unit)) for unit in used]
    found = [f"{names[g]}: {n[g]} people" for g in map(int, np.flatnonzero(n < minimum))]
    dummies = [k for k in range(len(moments.columns)) if zero_or_one(moments, k)]
    if dummies and moments.weights_column is not None and minimum > 1:
        return [
            *found,
            "columns of 0 and 1 with weights "
            f"({listed(moments.columns[k] for k in dummies)}): how many people are at each "
            "isn't known then; make moments without weights",
        ]
    large = n >= minimum
    mean = moments.origin + moments.offset[used]
    sizes: list[tuple[Floats, str]] = [(n * mean[:, k], moments.columns[k]) for k in dummies]
    sizes += [(n - size, f"not {name}") for size, name in sizes]
    sizes += list(_references(moments, n, mean, dummies))
    for j, k in combinations(dummies, 2):
        both = moments.cross[used, j, k] + n * mean[:, j] * mean[:, k]
        one, other = n * mean[:, j], n * mean[:, k]
        a, b = moments.columns[j], moments.columns[k]
        sizes += [(both, f"{a} and {b}"), (one - both, f"{a} and not {b}")]
        sizes += [
            (other - both, f"{b} and not {a}"),
            (n - one - other + both, f"neither {a} nor {b}"),
        ]
    for size, name in sizes:
        whole = np.round(size)
        for g in map(int, np.flatnonzero(large & (whole > 0) & (whole < minimum))):
            found.append(f"{names[g]}: {whole[g]:.0f} people with {name}")
    return found


def _unit_name(moments: SiteMoments, unit: int) -> str:
    team = f", team {moments.team[unit]!r}" if moments.team_column is not None else ""
    return f"site {moments.site[unit]!r}{team}"


def _references(
    moments: SiteMoments, n: Counts, mean: Floats, dummies: list[int]
) -> Iterator[tuple[Floats, str]]:
    """Yield how many are at the reference of each category with several other levels."""
    parts = [part for part in moments.parts if part != INTERCEPT]
    for factor, levels in moments.levels.items():
        own = [k for k in dummies if k < len(parts) and parts[k] == factor]
        if len(own) > 1 and len(own) == len(levels) - 1:
            yield n - n * mean[:, own].sum(axis=1), f"{factor} = {levels[0]}"


def _checksum(content: dict[str, Any]) -> str:
    """Return SHA-256 of everything but the checksum, spelt in one way."""
    rest = {key: value for key, value in content.items() if key != "checksum"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read(cls: type[SiteMoments], path: Path) -> SiteMoments:
    """Read moments; see `SiteMoments.from_json`."""
    name = str(path)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ReadError(f"{name!r} is too large for moments.")
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except OSError as problem:
        raise ReadError(f"{name!r} can't be read: {problem.strerror or problem}.") from None
    except (ValueError, RecursionError) as problem:
        raise ReadError(f"{name!r} is not a JSON file of moments: {problem}.") from None
    if not isinstance(content, dict) or content.get("kind") != _KIND:
        raise ReadError(f"{name!r} is not a file that SiteMoments.to_json wrote.")
    if content.get("version") != VERSION:
        raise ReadError(
            f"{name!r} has moments of version {content.get('version')!r}; this cpeval reads "
            f"version {VERSION}. Make them again, or use the cpeval that wrote them."
        )
    absent, strange = sorted(_KEYS - set(content)), sorted(set(content) - _KEYS)
    if absent or strange:
        parts = [f"lacks {', '.join(absent)}"] if absent else []
        parts += [f"has {', '.join(map(repr, strange))} besides"] if strange else []
        raise ReadError(f"{name!r} {' and '.join(parts)}: it was edited or cut short.")
    if content["checksum"] != _checksum(content):
        raise ReadError(
            f"{name!r} was changed after it was written: its checksum doesn't fit. "
            "Ask the site for the file as to_json made it."
        )
    try:
        return _moments(cls, content)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise ReadError(f"{name!r} holds moments that don't fit together: {problem}.") from None


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not a number")


def _moments(cls: type[SiteMoments], content: dict[str, Any]) -> SiteMoments:
    _require_texts(content)
    terms = tuple(content["terms"])
    units, q = len(content["site"]), len(terms) + (INTERCEPT not in terms)
    shapes = {
        "n": (units,),
        "dropped": (units,),
        "weight": (units,),
        "origin": (q,),
        "offset": (units, q),
        "cross": (units, q, q),
    }
    whole = all(type(value) is int for key in ("n", "dropped") for value in content[key])
    if not whole:
        raise ValueError("counts are not whole numbers")
    arrays = {
        key: np.asarray(content[key], dtype=np.int64 if key in ("n", "dropped") else float)
        for key in _ARRAYS
    }
    for key, shape in shapes.items():
        if arrays[key].shape != shape:
            raise ValueError(f"{key} has shape {arrays[key].shape}, not {shape}")
    if len(content["team"]) != units or len(content["parts"]) != len(terms):
        raise ValueError("team or parts have another length than site and terms")
    if (arrays["n"] < 0).any() or (arrays["dropped"] < 0).any() or (arrays["weight"] < 0).any():
        raise ValueError("counts are negative")
    if content["weights_column"] is None and not np.array_equal(arrays["weight"], arrays["n"]):
        raise ValueError("without weights, weight must be n")
    cross = arrays["cross"]
    if (np.einsum("uqq->uq", cross) < 0).any() or not np.array_equal(cross, symmetric(cross)):
        raise ValueError("cross-products are not symmetric, or a square is negative")
    bounds = [(np.nan, np.nan) if pair is None else pair for pair in content["bounds"]]
    limits = np.array(bounds, dtype=float)
    if limits.shape != (q, 2):
        raise ValueError(f"bounds has shape {limits.shape}, not {(q, 2)}")
    noise = tuple(
        Noise(epsilon=float(one["epsilon"]), delta=float(one["delta"]), sites=tuple(one["sites"]))
        for one in content["noise"]
    )
    if any(site not in content["site"] for one in noise for site in one.sites):
        raise ValueError("noise is said to be in sites that aren't there")
    return cls(
        **{key: content[key] for key in (*_TEXTS, *_OPTIONAL)},
        terms=terms,
        parts=tuple(content["parts"]),
        levels={str(key): tuple(values) for key, values in content["levels"].items()},
        site=tuple(content["site"]),
        team=tuple(content["team"]),
        version=content["version"],
        n=arrays["n"],
        dropped=arrays["dropped"],
        weight=arrays["weight"],
        origin=arrays["origin"],
        offset=arrays["offset"],
        cross=arrays["cross"],
        bounds=limits,
        noise=noise,
    )


def _require_texts(content: dict[str, Any]) -> None:
    """Raise `ValueError` unless names are texts, and each unit and term stands there once."""
    names = [content[key] for key in _TEXTS] + [*content["terms"], *content["parts"]]
    names += [content[key] for key in _OPTIONAL if content[key] is not None]
    if not all(isinstance(name, str) for name in names):
        raise ValueError("the formula, a column or a term is not text")
    labels = [*content["site"], *content["team"]]
    labels += [value for values in content["levels"].values() for value in values]
    if not all(value is None or isinstance(value, str | int | float) for value in labels):
        raise ValueError("a site, team or level is neither text nor a number")
    for kind, found in (
        ("term", content["terms"]),
        ("unit", list(zip(content["site"], content["team"], strict=False))),
    ):
        twice = [one for one, times in Counter(found).items() if times > 1]
        if twice:
            raise ValueError(f"the {kind} {listed(twice)} stands there more than once")
