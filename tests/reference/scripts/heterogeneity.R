# Values for tests/moments/mixed/test_heterogeneity.py. From this folder:
#   Rscript heterogeneity.R > ../heterogeneity.json
# bcg: the 13 vaccine trials of metadat's dat.bcg, log relative risks (metafor's example).
# few: its first three; alike: four results more alike than chance, so that tau2 is zero.
suppressMessages(library(metafor))
num <- function(x) paste0("[", paste(sprintf("%.17g", x), collapse = ", "), "]")
show <- function(name, y, v) {
  m <- rma(y, v, method = "REML", test = "knha", control = list(threshold = 1e-14, maxiter = 10000))
  p <- predict(m)
  paste0('"', name, '": {"estimate": ', num(y), ', "variance": ', num(v), ', "pooled": ', num(coef(m)), ', "se": ', num(m$se),
    ', "df": ', m$k - 1, ', "p": ', num(m$pval), ', "ci": ', num(c(m$ci.lb, m$ci.ub)), ', "tau2": ', num(m$tau2),
    ', "i2": ', num(m$I2 / 100), ', "q": ', num(m$QE), ', "q_p": ', num(m$QEp), ', "prediction": ', num(c(p$pi.lb, p$pi.ub)), "}")
}
d <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
cat(sprintf('{"made_by": "tests/reference/scripts/heterogeneity.R, R %s, metafor %s",\n"entries": {\n', getRversion(), packageVersion("metafor")))
cat(show("bcg", d$yi, d$vi), show("few", d$yi[1:3], d$vi[1:3]), show("alike", c(0.10, 0.12, 0.11, 0.13), c(0.04, 0.02, 0.05, 0.03)), sep = ",\n")
cat("\n}}\n")
