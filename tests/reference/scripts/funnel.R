# Values for tests/sites/test_funnel.py and test_caterpillar.py. From this folder:
#   Rscript funnel.R > ../funnel.json
# Data: ../data/medpar.csv, four columns of R's COUNT::medpar: 1,495 hospital stays in Arizona
# (Medicare, 1991): provider, death (0 or 1), days in hospital, member of an HMO (0 or 1).
# Limits: Spiegelhalter (2005), appendix A.1, written with R's quantiles and probabilities.
# tau2 and shrunken means: metafor, an implementation of DerSimonian & Laird by others.
suppressPackageStartupMessages(library(metafor))
d <- read.csv("../data/medpar.csv")
n <- as.vector(tapply(d$died, d$provnum, length))
died <- as.vector(tapply(d$died, d$provnum, sum))
days <- as.vector(tapply(d$los, d$provnum, sum))
at <- c(.001, .025, .975, .999)
one <- function(p, q, cdf, size) {
  r <- q(p)
  a <- (cdf(r) - p) / (cdf(r) - (if (r > 0) cdf(r - 1) else 0))
  (r - a) / size
}
each <- function(limit) unname(t(sapply(seq_along(n), function(i) sapply(at, limit, i = i))))
moments <- function(y, v, target) {
  z <- (y - target) / sqrt(v)
  w <- quantile(z, c(.1, .9), names = FALSE)
  z <- pmin(pmax(z, w[1]), w[2])
  phi <- mean(z^2)
  k <- length(z)
  list(phi = phi, tau2 = max(0, (k * phi - (k - 1)) / (sum(1 / v) - sum(v^-2) / sum(1 / v))))
}
out <- list()
# Proportions of deaths.
t0 <- sum(died) / sum(n)
raw <- each(function(p, i) one(p, function(x) qbinom(x, n[i], t0), function(x) pbinom(x, n[i], t0), n[i]))
v <- t0 * (1 - t0) / n
fit <- rma(yi = died / n, vi = v, method = "DL")
out$proportion <- list(target = t0, limits = pmin(pmax(raw, 0), 1), z = (died / n - t0) / sqrt(v),
  winsorised = moments(died / n, v, t0), metafor = list(tau2 = fit$tau2, Q = fit$QE))
# Deaths a day in hospital.
t1 <- sum(died) / sum(days)
raw <- each(function(p, i) one(p, function(x) qpois(x, days[i] * t1), function(x) ppois(x, days[i] * t1), days[i]))
v <- t1 / days
fit <- rma(yi = died / days, vi = v, method = "DL")
out$rate <- list(target = t1, limits = pmax(raw, 0), winsorised = moments(died / days, v, t1),
  metafor = list(tau2 = fit$tau2, Q = fit$QE))
# Deaths over those expected by logistic regression on HMO and stay, against 1.
e <- as.vector(tapply(fitted(glm(died ~ hmo + los, binomial, d)), d$provnum, sum))
raw <- each(function(p, i) one(p, function(x) qpois(x, e[i]), function(x) ppois(x, e[i]), e[i]))
out$ratio <- list(expected = e, limits = pmax(raw, 0), winsorised = moments(died / e, 1 / e, 1))
# Mean stay: pooled variance within providers, t limits.
m <- as.vector(tapply(d$los, d$provnum, mean))
fit <- lm(los ~ factor(provnum), d)
v <- sigma(fit)^2 / n
target <- mean(d$los)
out$mean <- list(target = target, df = df.residual(fit),
  limits = sapply(at, function(p) target + qt(p, df.residual(fit)) * sqrt(v)),
  winsorised = moments(m, v, target))
fit <- rma(yi = m, vi = v, method = "DL")
b <- blup(fit)
out$mean$metafor <- list(tau2 = fit$tau2, Q = fit$QE, mu = as.vector(fit$b), se = fit$se,
  blup = b$pred, blup_se = b$se)
# Each site's own standard error instead of the pooled one.
sites <- as.vector(tapply(d$los, d$provnum, sd))
many <- n > 1
w <- sites[many]^2 / n[many]
keep <- w > 0
fit <- rma(yi = m[many][keep], vi = w[keep], method = "DL")
b <- blup(fit)
out$own <- list(estimate = m[many][keep], se = sqrt(w[keep]), tau2 = fit$tau2, mu = as.vector(fit$b),
  se_mu = fit$se, blup = b$pred, blup_se = b$se)
cat(jsonlite::toJSON(list(call = "scripts/funnel.R", versions = list(R = as.character(getRversion()),
  metafor = as.character(packageVersion("metafor"))), limits_at = at, entries = out),
  auto_unbox = TRUE, digits = NA, pretty = FALSE), "\n")
