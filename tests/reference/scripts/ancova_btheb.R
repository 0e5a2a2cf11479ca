# Values for tests/outcomes/test_compare.py. From this folder:
#   Rscript ancova_btheb.R > ../ancova_btheb.json
# Data: ../data/BtheB.csv, "Beat the Blues" of R's package HSAUR: a trial of computerised therapy
# (BtheB) against treatment as usual (TAU); Beck Depression Inventory before and at 2 months.
# "ward" is made up: people 1 to 10 in the file are ward 0, and so on.
library(sandwich)
d <- read.csv("../data/BtheB.csv", stringsAsFactors = TRUE)
d$ward <- (seq_len(nrow(d)) - 1) %/% 10
d$treatment <- relevel(d$treatment, ref = "TAU")
d <- d[!is.na(d$bdi.2m), ]

show <- function(x) paste0("[", paste(sprintf("%.17g", x), collapse = ", "), "]")
inference <- function(estimate, se, df) {
  sprintf('{"estimate": %s, "se": %s, "df": %d, "p": %s, "ci_low": %s, "ci_high": %s}',
          show(estimate), show(se), df, show(2 * pt(-abs(estimate / se), df)),
          show(estimate - qt(.975, df) * se), show(estimate + qt(.975, df) * se))
}
of_model <- function(m) {
  kinds <- c(classical = "const", HC0 = "HC0", HC1 = "HC1", HC2 = "HC2", HC3 = "HC3")
  rows <- sapply(names(kinds), function(kind) {
    se <- sqrt(diag(vcovHC(m, type = kinds[[kind]])))
    sprintf('    "%s": %s', kind, inference(coef(m), se, df.residual(m)))
  })
  se <- sqrt(diag(vcovCL(m, cluster = d$ward, type = "HC1")))  # Stata's, CR1S
  rows <- c(rows, sprintf('    "CR1S": %s', inference(coef(m), se, length(unique(d$ward)) - 1L)))
  paste0('{\n    "terms": ["', paste(names(coef(m)), collapse = '", "'), '"],\n    "n": ',
         nobs(m), ",\n", paste(rows, collapse = ",\n"), "\n  }")
}
pooled <- sqrt(sum(sapply(split(d$bdi.pre, d$treatment), function(x) sum((x - mean(x))^2))) /
                 (nrow(d) - 2))
df <- nrow(d) - 2
j <- exp(lgamma(df / 2) - log(sqrt(df / 2)) - lgamma((df - 1) / 2))
cat(sprintf('{
  "made_by": "tests/reference/scripts/ancova_btheb.R, R %s, sandwich %s",
  "adjusted": %s,
  "baseline_only": %s,
  "pooled_sd_before": %.17g,
  "j": %.17g
}\n', getRversion(), packageVersion("sandwich"),
  of_model(lm(bdi.2m ~ treatment + bdi.pre + drug + length, d)),
  of_model(lm(bdi.2m ~ treatment + bdi.pre, d)), pooled, j))
