# Values for tests/measurement/test_responsiveness.py. From this folder:
#   Rscript responsiveness.R > ../responsiveness.json
# roc: pROC on its data aSAH (../data/aSAH.csv), outcome Poor against Good.
# change: MASS's anorexia, weight before and after; group CBT taken as "unchanged", FT as "improved"
# only to have groups. psych for the test-retest ICC; the rest written out with base R.
suppressMessages({ library(pROC); library(psych) })
num <- function(x) if (length(x) == 1) sprintf("%.17g", x) else
  paste0("[", paste(sprintf("%.17g", x), collapse = ", "), "]")
d <- read.csv("../data/aSAH.csv")
one <- function(v) {
  r <- roc(d$outcome, d[[v]], levels = c("Good", "Poor"), direction = "<", quiet = TRUE)
  a <- ci.auc(r, method = "delong")
  at <- function(m) coords(r, "best", best.method = m, transpose = FALSE)
  show <- function(t) sprintf('{"cut": [%s], "sensitivity": [%s], "specificity": [%s]}',
    paste(sprintf("%.17g", t$threshold), collapse = ", "), paste(sprintf("%.17g", t$sensitivity), collapse = ", "),
    paste(sprintf("%.17g", t$specificity), collapse = ", "))
  sprintf('"%s": {"auc": %s, "se": %s, "ci_low": %s, "ci_high": %s, "youden": %s, "closest": %s}', v,
    num(a[2]), num(sqrt(var(r, method = "delong"))), num(a[1]), num(a[3]), show(at("youden")), show(at("closest.topleft")))
}
x <- MASS::anorexia
change <- x$Postwt - x$Prewt; n <- nrow(x)
es <- mean(change) / sd(x$Prewt); srm <- mean(change) / sd(change)
ncp <- function(p) uniroot(function(k) pt(srm * sqrt(n), n - 1, k) - p, c(-10, 20), tol = 1e-13)$root / sqrt(n)
es_se <- sqrt((var(change) / var(x$Prewt) + es^2 / 2) / (n - 1))
s <- x[x$Treat == "CBT", ]; ds <- s$Postwt - s$Prewt; di <- change[x$Treat == "FT"]
g <- mean(di) / sd(ds); g_se <- sqrt(var(di) / length(di) / var(ds) + g^2 / (2 * (length(ds) - 1)))
icc <- ICC(s[, c("Prewt", "Postwt")], lmer = FALSE)$results[2, ]
m <- anova(lm(y ~ f + o, data.frame(y = c(s$Prewt, s$Postwt), f = factor(rep(seq_len(nrow(s)), 2)),
                                   o = factor(rep(1:2, each = nrow(s))))))[["Mean Sq"]]
sem <- sqrt(max((m[2] - m[3]) / nrow(s), 0) + m[3])
z <- qnorm(.975)
cat(sprintf('{
"made_by": "tests/reference/scripts/responsiveness.R, R %s, pROC %s, psych %s",
"roc": {%s},
"mean_change": {"estimate": %s, "ci": %s},
"effect_size": {"estimate": %s, "ci": %s},
"srm": {"estimate": %s, "ci": %s},
"guyatt": {"estimate": %s, "ci": %s},
"mid_mean_change": {"estimate": %s, "ci": %s},
"icc_agreement": {"estimate": %s, "ci": %s},
"sem": %s, "sdc": %s
}\n', getRversion(), packageVersion("pROC"), packageVersion("psych"),
  paste(sapply(c("s100b", "ndka", "wfns"), one), collapse = ",\n"),
  num(mean(change)), num(as.vector(t.test(change)$conf.int)),
  num(es), num(es + c(-1, 1) * z * es_se), num(srm), num(c(ncp(.975), ncp(.025))),
  num(g), num(g + c(-1, 1) * z * g_se), num(mean(di)), num(as.vector(t.test(di)$conf.int)),
  num(icc$ICC), num(c(icc[["lower bound"]], icc[["upper bound"]])), num(sem), num(z * sqrt(2) * sem)))
