# Values for tests/sites/test_gee.py. From this folder: Rscript gee.R > ../gee.json
# Data: geepack's ohio (wheeze of children); MASS's epil (seizures).
# Coefficients: gee (Carey), whose moments divide by n - p as statsmodels' do. Mancl & DeRouen's
# errors: their formula (Biometrics 2001, 57, 126-134), cluster by cluster, with matrices inverted.
suppressPackageStartupMessages({ library(gee); library(geepack); library(MASS) })
md <- function(formula, family, data, id, corstr) {
  data <- data[order(id), ]; id <- sort(id)
  data$id <- id
  invisible(capture.output(suppressMessages(
    fit <- gee(formula, id = id, data = data, family = family, corstr = corstr, tol = 1e-12, maxiter = 100))))
  b <- coef(fit); X <- model.matrix(formula, data); y <- model.response(model.frame(formula, data))
  mu <- family$linkinv(drop(X %*% b)); v <- family$variance(mu); me <- family$mu.eta(drop(X %*% b))
  a <- if (corstr == "exchangeable") fit$working.correlation[1, 2] else 0
  parts <- lapply(split(seq_along(y), id), function(i) {
    D <- X[i, , drop = FALSE] * me[i]
    R <- matrix(a, length(i), length(i)); diag(R) <- 1
    list(D = D, W = solve(diag(sqrt(v[i]), length(i)) %*% R %*% diag(sqrt(v[i]), length(i))), r = (y - mu)[i])
  })
  M <- solve(Reduce(`+`, lapply(parts, function(p) t(p$D) %*% p$W %*% p$D)))
  plain <- Reduce(`+`, lapply(parts, function(p) tcrossprod(t(p$D) %*% p$W %*% p$r)))
  less <- Reduce(`+`, lapply(parts, function(p) {
    H <- p$D %*% M %*% t(p$D) %*% p$W
    tcrossprod(t(p$D) %*% p$W %*% solve(diag(nrow(H)) - H, p$r))
  }))
  list(terms = names(b), coef = unname(b), alpha = a, se_gee = unname(sqrt(diag(fit$robust.variance))),
    se = unname(sqrt(diag(M %*% plain %*% M))), se_md = unname(sqrt(diag(M %*% less %*% M))))
}
data(ohio)
gaps <- ohio[seq_len(nrow(ohio)) %% 5 != 0, ]  # clusters of three or four
out <- list(
  ohio_exchangeable = md(resp ~ age + smoke + age:smoke, binomial(), ohio, ohio$id, "exchangeable"),
  ohio_independence = md(resp ~ age + smoke + age:smoke, binomial(), ohio, ohio$id, "independence"),
  ohio_gaps = md(resp ~ age + smoke, binomial(), gaps, gaps$id, "exchangeable"),
  epil_exchangeable = md(y ~ trt + base + age, poisson(), epil, epil$subject, "exchangeable"),
  epil_gaussian = md(y ~ trt + base, gaussian(), epil, epil$subject, "exchangeable"))
cat(jsonlite::toJSON(list(call = "scripts/gee.R", versions = list(R = as.character(getRversion()),
  gee = as.character(packageVersion("gee"))), entries = out), auto_unbox = TRUE, digits = NA), "\n")
