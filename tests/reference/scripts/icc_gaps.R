# Values for tests/measurement/test_icc.py, ratings with gaps. From this folder:
#   Rscript icc_gaps.R > ../icc_gaps.json
# Variances by lme4's REML with tight tolerances. F and its exact interval (Wald 1947; Harville &
# Fenech 1985) written out with the whole covariance matrix and lm().
library(lme4)
gaps <- function(x, every) {
  cell <- outer(seq_len(nrow(x)) * 3, seq_len(ncol(x)), "+")
  x[cell %% every == 0] <- NA
  x
}
penicillin <- t(unclass(xtabs(diameter ~ sample + plate, Penicillin)))
sets <- list(
  anxiety_gaps = gaps(as.matrix(read.csv("../data/anxiety.csv")), 7),
  raw5obser = as.matrix(read.csv("../data/raw5obser.csv")[, -1]),
  shrout_fleiss_gaps = gaps(as.matrix(read.csv("../data/shrout_fleiss_1979.csv")), 8),
  penicillin_gaps = gaps(matrix(penicillin, nrow(penicillin)), 5)
)
num <- function(x) if (length(x) == 1) sprintf("%.17g", x) else
  paste0("[", paste(sprintf("%.17g", x), collapse = ", "), "]")

long <- function(x) {
  d <- data.frame(y = as.vector(x), s = factor(row(x)), r = factor(col(x)))
  d[!is.na(d$y), ]
}
exact <- function(d, raters) {
  X <- if (raters) model.matrix(~ r, d) else matrix(1, nrow(d), 1)
  Z <- model.matrix(~ s - 1, d)
  full <- lm.fit(cbind(X, Z), d$y)
  sse <- sum(full$residuals^2); f2 <- nrow(d) - full$rank; f1 <- full$rank - ncol(X)
  pivot <- function(theta) {
    R <- chol(diag(nrow(d)) + theta * tcrossprod(Z))
    rss <- sum(lm.fit(backsolve(R, X, transpose = TRUE), backsolve(R, d$y, transpose = TRUE))$residuals^2)
    (rss - sse) / f1 / (sse / f2)
  }
  m <- max(table(d$s))
  root <- function(p) uniroot(function(u) pivot((exp(-u) - 1) / m) - qf(p, f1, f2), c(-12, 6),
                              tol = 1e-13)$root
  share <- function(u) { t <- (exp(-u) - 1) / m; t / (1 + t) }
  F <- pivot(0)
  sprintf('{"F": %s, "df1": %d, "df2": %d, "p": %s, "ci_low": %s, "ci_high": %s}', num(F),
          as.integer(f1), as.integer(f2), num(pf(F, f1, f2, lower.tail = FALSE)),
          num(share(root(.975))), num(share(root(.025))))
}
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, maxfun = 1e5),
                     calc.derivs = FALSE)
of <- function(x) {
  d <- long(x)
  v <- function(m) { t <- as.data.frame(VarCorr(m)); setNames(t$vcov, t$grp) }
  one <- v(lmer(y ~ 1 + (1 | s), d, control = tight))
  two <- v(lmer(y ~ 1 + (1 | s) + (1 | r), d, control = tight))
  fix <- v(lmer(y ~ r + (1 | s), d, control = tight))
  sprintf('{\n  "ratings": [%s],\n  "one_way": %s, "raters_random": %s, "raters_fixed": %s,\n  "columns": ["subjects, error", "subjects, raters, error", "subjects, error"],\n  "exact_one_way": %s,\n  "exact_raters_fixed": %s\n}',
    paste(apply(x, 1, function(row) paste0("[", paste(ifelse(is.na(row), "null", row), collapse = ","), "]")), collapse = ","),
    num(one[c("s", "Residual")]), num(two[c("s", "r", "Residual")]), num(fix[c("s", "Residual")]),
    exact(d, FALSE), exact(d, TRUE))
}
cat(sprintf('{\n"made_by": "tests/reference/scripts/icc_gaps.R, R %s, lme4 %s",\n%s\n}\n', getRversion(),
  packageVersion("lme4"), paste(sprintf('"%s": %s', names(sets), sapply(sets, of)), collapse = ",\n")))
