# Values for tests/sites/test_icc.py. From this folder: Rscript icc_interval.R > ../icc_interval.json
# Wald's interval the long way: n x n matrices, eigenvalues of Z'(I - H)Z, roots by uniroot. For
# clusters of one size without covariates, psych's ICC1. Estimates: lme4. Data: mlmRev's Exam,
# nlme's RatPupWeight, lme4's Dyestuff and Dyestuff2, ../data/apiclus1.csv.
suppressMessages({ library(lme4); library(psych); library(mlmRev); library(nlme) })
wald <- function(y, X, g, level = .95) {
  g <- factor(g); Z <- model.matrix(~ 0 + g)
  q <- qr(X); M <- function(a) qr.resid(q, a)
  e <- eigen(crossprod(M(Z)), symmetric = TRUE); k <- e$values > 1e-9 * max(e$values)
  lambda <- e$values[k]
  v <- crossprod(e$vectors[, k, drop = FALSE], crossprod(Z, M(y))) / sqrt(lambda)
  whole <- qr(cbind(X, Z)); s <- sum(qr.resid(whole, y)^2)
  r <- length(lambda); f <- length(y) - whole$rank
  pivot <- function(x) sum(v^2 / (1 + x * lambda)) / r / (s / f)
  end <- function(p) {
    t <- qf(p, r, f)
    if (pivot(0) <= t) return(0)
    u <- uniroot(function(l) log(pivot(exp(l))) - log(t), c(-30, 30), tol = 1e-14)$root
    exp(u) / (1 + exp(u))
  }
  c(low = end((1 + level) / 2), high = end((1 - level) / 2), statistic = pivot(0), df_between = r, df_within = f,
    p = pf(pivot(0), r, f, lower.tail = FALSE))
}
one <- function(name, d, formula, g, level = .95) {
  X <- model.matrix(formula, d); y <- model.response(model.frame(formula, d))
  m <- suppressMessages(lmer(update(formula, paste(". ~ . + (1 |", g, ")")), d,
    control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12), calc.derivs = FALSE)))
  vc <- as.data.frame(VarCorr(m))$vcov
  c(as.list(wald(y, X, d[[g]], level)), list(level = level, call = paste(deparse1(formula), "by", g), lme4 = vc))
}
data(Exam); data(RatPupWeight); data(Dyestuff); data(Dyestuff2)
plain <- function(x) { x <- as.data.frame(x); for (v in names(x)) if (is.ordered(x[[v]])) x[[v]] <- factor(as.character(x[[v]])); x }
rats <- transform(plain(RatPupWeight), Male = 1 * (sex == "Male"), High = 1 * (Treatment == "High"), Low = 1 * (Treatment == "Low"))
api <- read.csv("../data/apiclus1.csv")
wide <- function(d) matrix(d$Yield, nrow = 6, byrow = TRUE)
icc1 <- function(d) { x <- ICC(wide(d), lmer = FALSE)$results[1, ]; as.list(unlist(x[c("ICC", "lower bound", "upper bound", "F", "df1", "df2", "p")])) }
out <- list(
  exam = one("exam", Exam, normexam ~ standLRT + sex, "school"),
  exam_null_90 = one("exam", Exam, normexam ~ 1, "school", .9),
  ratpup = one("ratpup", rats, weight ~ Male + High + Low + Lsize, "Litter"),
  apiclus1 = one("api", api, api00 ~ api99 + meals, "dnum"),
  dyestuff = one("dye", Dyestuff, Yield ~ 1, "Batch"),
  dyestuff2 = one("dye", Dyestuff2, Yield ~ 1, "Batch"),
  dyestuff_psych = icc1(Dyestuff), dyestuff2_psych = icc1(Dyestuff2))
cat(jsonlite::toJSON(list(made_by = sprintf("tests/reference/scripts/icc_interval.R, R %s, lme4 %s, psych %s",
  getRversion(), packageVersion("lme4"), packageVersion("psych")), entries = out), auto_unbox = TRUE, digits = NA, pretty = TRUE), "\n")
