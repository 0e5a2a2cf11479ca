# Values for tests/sites/test_effects.py and test_balance.py. From this folder:
#   Rscript site_effects.R > ../site_effects.json
# Data: ../data/medpar.csv (see funnel.R). The arm of test_effects is membership of an HMO; that of
# test_balance is made up: providers in order are 0, 1, 0, 1 … Stays are missing in rows 17, 34, …
d <- read.csv("../data/medpar.csv")
out <- list()
both <- Filter(function(s) all(table(factor(s$hmo, 0:1)) >= 2), split(d, d$provnum))
by_t <- function(equal) lapply(both, function(s) {
  t <- t.test(s$los[s$hmo == 1], s$los[s$hmo == 0], var.equal = equal)
  c(t$estimate[[1]] - t$estimate[[2]], t$stderr, t$parameter, t$p.value, t$conf.int)
})
out$welch <- by_t(FALSE)
out$pooled <- by_t(TRUE)
two <- unlist(lapply(split(d, d$provnum), function(s) length(unique(s$hmo)) == 2))
e <- d[d$provnum %in% names(two)[two], ]
fit <- lm(los ~ factor(provnum) + factor(provnum):hmo - 1, e)
s <- summary(fit)$coefficients
out$common <- list(df = df.residual(fit), site = names(two)[two],
  estimate = unname(s[grepl(":hmo", rownames(s)), 1]), se = unname(s[grepl(":hmo", rownames(s)), 2]))
# Balance.
d$arm <- (match(d$provnum, sort(unique(d$provnum))) - 1) %% 2
d$los[seq(17, nrow(d), 17)] <- NA
smd <- function(m, v) (m[2] - m[1]) / sqrt(mean(v))
number <- function(x) {
  m <- tapply(x, d$arm, mean, na.rm = TRUE); v <- tapply(x, d$arm, var, na.rm = TRUE)
  k <- aggregate(x, list(d$provnum, d$arm), mean, na.rm = TRUE)
  k <- k[is.finite(k$x), ]
  list(smd = unname(smd(m, v)), ratio = unname(v[2] / v[1]),
    clusters = unname(smd(tapply(k$x, k$Group.2, mean), tapply(k$x, k$Group.2, var))))
}
share <- function(x) {
  p <- tapply(x, d$arm, mean)
  k <- aggregate(x * 1, list(d$provnum, d$arm), mean)
  list(smd = unname(smd(p, p * (1 - p))),
    clusters = unname(smd(tapply(k$x, k$Group.2, mean), tapply(k$x, k$Group.2, var))))
}
out$balance <- list(los = number(d$los), missing = share(is.na(d$los)), died = share(d$died == 1))
cat(jsonlite::toJSON(list(call = "scripts/site_effects.R", versions = list(R = as.character(getRversion())),
  entries = out), auto_unbox = TRUE, digits = NA), "\n")
