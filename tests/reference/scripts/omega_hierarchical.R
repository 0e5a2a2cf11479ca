# Values for tests/measurement/test_factors.py. From this folder:
#   Rscript omega_hierarchical.R > ../omega_hierarchical.json
# psych::omega stops its optimiser early, which shows in the fifth digit. Here minres is run to the
# end with the same objective and bounds (0.005 to 1 for unique variances), then
# GPArotation::oblimin and varimax with a small eps, and Schmid and Leiman's loadings as psych::schmid has
# them. No item is reversed (psych: flip = FALSE).
library(GPArotation)
library(jsonlite)
minres <- function(r, p) {
  objective <- function(u) {
    e <- eigen(r - diag(u), symmetric = TRUE)$values
    sum(e[-seq_len(p)]^2) / 2
  }
  gradient <- function(u) {
    e <- eigen(r - diag(u), symmetric = TRUE)
    rest <- seq_len(nrow(r))[-seq_len(p)]
    -as.vector(e$vectors[, rest, drop = FALSE]^2 %*% e$values[rest])
  }
  start <- pmin(1, 1 / diag(solve(r)))
  o <- optim(start, objective, gradient, method = "L-BFGS-B", lower = 0.005, upper = 1,
             control = list(factr = 10, pgtol = 0, maxit = 500))
  for (again in 1:2) {
    o <- optim(o$par, objective, gradient, method = "L-BFGS-B", lower = 0.005, upper = 1,
               control = list(factr = 10, pgtol = 0, maxit = 500))
  }
  e <- eigen(r - diag(o$par), symmetric = TRUE)
  l <- e$vectors[, seq_len(p), drop = FALSE] %*% diag(sqrt(pmax(e$values[seq_len(p)], 0)), p)
  list(loadings = l, unique = o$par)
}
sorted <- function(l, phi = diag(ncol(l))) {
  o <- order(-diag(phi %*% crossprod(l)))
  s <- ifelse(colSums(l) < 0, -1, 1)[o]
  list(loadings = l[, o] %*% diag(s), phi = phi[o, o] * outer(s, s))
}
of <- function(x, p = 3) {
  r <- cor(x)
  f <- minres(r, p)
  vm <- varimax(f$loadings, normalize = TRUE, eps = 1e-14)$loadings
  class(vm) <- "matrix"
  ob <- list(oblimin(f$loadings, eps = 1e-7, maxit = 2000),
             oblimin(vm, eps = 1e-7, maxit = 2000))
  value <- sapply(ob, function(o) {
    l2 <- o$loadings^2
    sum(l2 * (l2 %*% (1 - diag(p)))) / 4
  })
  best <- sorted(ob[[which.min(round(value, 10))]]$loadings,
                 ob[[which.min(round(value, 10))]]$Phi)
  g <- minres(best$phi, 1)$loadings[, 1]
  list(omega_hierarchical = unbox(sum(best$loadings %*% g)^2 / sum(r)),
       unique = f$unique, varimax = sorted(vm)$loadings, oblimin = best$loadings,
       phi = best$phi, quartimin = value)
}
acl <- as.matrix(read.csv("../data/acl_1_110.csv"))
ds14 <- na.omit(read.csv("../data/DS14.csv"))[, -(1:2)]
ds14[, c("Si1.", "Si3.")] <- 4 - ds14[, c("Si1.", "Si3.")]
names <- c("Communality", "Achievement", "Dominance", "Endurance", "Order", "Intraception",
           "Nurturance", "Affiliation", "Exhibition", "Autonomy", "Aggression")
sets <- setNames(lapply(1:11, function(k) acl[, 10 * k - 9:0]), paste0("acl_", names))
sets$DS14_all <- ds14
sets$cavalini <- read.csv("../data/cavalini.csv")
sets$transreas <- read.csv("../data/transreas.csv")[, -1]
cat(toJSON(list(
  made_by = unbox(sprintf("tests/reference/scripts/omega_hierarchical.R, R %s, GPArotation %s",
                          getRversion(), packageVersion("GPArotation"))),
  entries = lapply(sets, of)), digits = NA, pretty = TRUE))
