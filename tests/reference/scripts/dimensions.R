# Values for tests/measurement/test_dimensions.py and test_reliability.py. From this folder:
#   Rscript dimensions.R > ../dimensions.json
# glb: psych::glb.algebraic (Rcsdp). map: psych::vss's (Velicer 1976, the mean squared partial
# correlation after k components) and the same with the 4th power (Velicer, Eaton & Fava 2000),
# after 0, 1, 2 ... components. polychoric: two-step maximum likelihood; thresholds from the
# shares of each item, the correlation by optimise to 1e-10 with polycor's bivariate normal (mvtnorm's
# pmvnorm, Genz' algorithm for two dimensions). polycor::polychor itself stops at 1e-4.
library(psych)
library(jsonlite)
acl <- as.matrix(read.csv("../data/acl_1_110.csv"))
ds14 <- na.omit(read.csv("../data/DS14.csv"))[, -(1:2)]
ds14[, c("Si1.", "Si3.")] <- 4 - ds14[, c("Si1.", "Si3.")]
names <- c("Communality", "Achievement", "Dominance", "Endurance", "Order", "Intraception",
           "Nurturance", "Affiliation", "Exhibition", "Autonomy", "Aggression")
sets <- setNames(lapply(1:11, function(k) acl[, 10 * k - 9:0]), paste0("acl_", names))
sets$DS14_all <- ds14
sets$cavalini <- read.csv("../data/cavalini.csv")
sets$transreas <- read.csv("../data/transreas.csv")[, -1]
partials <- function(r, power) {
  e <- eigen(r, symmetric = TRUE)
  k <- ncol(r)
  sapply(0:(k - 2), function(m) {
    l <- if (m) e$vectors[, 1:m, drop = FALSE] %*% diag(sqrt(e$values[1:m]), m) else matrix(0, k, 1)
    p <- cov2cor(r - l %*% t(l))
    sum(p[lower.tri(p)]^power) / (k * (k - 1) / 2)
  })
}
polychoric_of <- function(x) {
  k <- ncol(x)
  tau <- lapply(seq_len(k), function(j) qnorm(head(cumsum(table(x[, j])) / nrow(x), -1)))
  r <- diag(k)
  for (i in 2:k) for (j in 1:(i - 1)) {
    n <- table(x[, i], x[, j])
    # 9 stands for infinity.
    f <- function(rho) {
      a <- pmin(pmax(c(-Inf, tau[[i]], Inf), -9), 9)
      b <- pmin(pmax(c(-Inf, tau[[j]], Inf), -9), 9)
      s <- matrix(c(1, rho, rho, 1), 2)
      F <- outer(a, b, Vectorize(function(u, v)
        mvtnorm::pmvnorm(upper = c(u, v), corr = s, algorithm = mvtnorm::TVPACK(1e-14))))
      p <- diff(t(diff(F)))
      -sum(n * log(pmax(t(p), 1e-300)))
    }
    r[i, j] <- r[j, i] <- optimise(f, c(-0.999, 0.999), tol = 1e-10)$minimum
  }
  r
}
out <- lapply(names(sets), function(name) {
  x <- as.matrix(sets[[name]])
  r <- cor(x)
  one <- list(glb = unbox(glb.algebraic(cov(x))$glb), eigenvalues = eigen(r)$values,
              map_psych = vss(r, n = 4, n.obs = nrow(x), plot = FALSE)$map,
              map = partials(r, 2), map4 = partials(r, 4))
  if (name %in% c("acl_Communality", "transreas", "acl_Aggression")) {
    one$polychoric <- polychoric_of(x)
    one$polycor <- polycor::hetcor(as.data.frame(lapply(as.data.frame(x), ordered)))$correlations
  }
  one
})
names(out) <- names(sets)
cat(toJSON(list(
  made_by = unbox(sprintf(
    "tests/reference/scripts/dimensions.R, R %s, psych %s, Rcsdp %s, mvtnorm %s, polycor %s",
    getRversion(), packageVersion("psych"), packageVersion("Rcsdp"), packageVersion("mvtnorm"),
    packageVersion("polycor"))),
  entries = out), digits = NA))
