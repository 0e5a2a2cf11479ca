# Values for tests/moments/robust: terms that belong to strata or sites. From here:
#   Rscript cluster_robust_paired.R > ../cluster_robust_paired.json
# Data: mlmRev's Exam. "paired": schools 1 to 20 in ten strata of two neighbours; arm = 1 for the odd
# school of a stratum; cluster = school. "sites": schools 1 to 8 with a level of their own;
# arm = 1 for girls. CR3 stops there: it takes an inverse that is not.
suppressMessages({library(clubSandwich); library(mlmRev)})
num <- function(x) paste0("[", paste(sprintf("%.17g", as.vector(x)), collapse = ", "), "]")
d <- Exam; d$school <- as.integer(as.character(d$school))
one <- function(m, school, keep, types) {
  out <- sapply(types, function(type) {
    v <- vcovCR(m, cluster = school, type = type)
    t <- coef_test(m, v, test = "Satterthwaite")
    w <- Wald_test(m, constrain_zero(keep, coefs = coef(m)), vcov = v, test = "HTZ")
    sprintf('"%s": {"estimate": %s, "se": %s, "df": %s, "F": %s, "df_den": %s, "p": %s}', type,
      num(coef(m)[keep]), num(t$SE[keep]), num(t$df_Satt[keep]),
      sprintf("%.17g", w$Fstat), sprintf("%.17g", w$df_denom), sprintf("%.17g", w$p_val))
  })
  paste(out, collapse = ",\n")
}
paired <- d[d$school <= 20, ]
paired$stratum <- factor((paired$school + 1) %/% 2); paired$arm <- paired$school %% 2
sites <- d[d$school %in% c(1, 2, 3, 4, 5, 9, 12, 13), ]; sites$arm <- as.integer(sites$sex == "F")
types <- c("CR0", "CR1", "CR1S", "CR2", "CR3")
a <- one(lm(normexam ~ arm + standLRT + stratum, paired), paired$school, 2:3, types)
b <- one(lm(normexam ~ arm + standLRT + factor(school), sites), sites$school, 2:3, types[-5])
cat(sprintf('{"made_by": "tests/reference/scripts/cluster_robust_paired.R, R %s, clubSandwich %s",\n"terms": ["arm", "standLRT"],\n"paired": {%s},\n"sites": {%s}}\n',
  getRversion(), packageVersion("clubSandwich"), a, b))
