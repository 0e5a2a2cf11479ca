# Values for tests/measurement/test_limits_of_agreement.py, people with several pairs. From here:
#   Rscript limits_clustered.R > ../limits_clustered.json
# Data: lme4's sleepstudy, reaction times on even days against the day after: five pairs a person.
# "uneven" leaves out pairs 1 to p %% 4 of person p. Zou (2013) written out with base R; with equally
# many pairs, the variance is also that of the mean squares (Bland & Altman 2007).
suppressMessages(library(lme4))
num <- function(x) if (length(x) == 1) sprintf("%.17g", x) else
  paste0("[", paste(sprintf("%.17g", x), collapse = ", "), "]")
even <- sleepstudy[sleepstudy$Days %% 2 == 0, ]; odd <- sleepstudy[sleepstudy$Days %% 2 == 1, ]
d <- data.frame(a = even$Reaction, b = odd$Reaction, person = as.integer(even$Subject),
                pair = even$Days / 2 + 1)
zou <- function(d) {
  x <- d$a - d$b; m <- tapply(x, d$person, mean); k <- tapply(x, d$person, length)
  n <- length(m); N <- length(x); z <- qnorm(.975)
  sb <- var(m); sw <- sum((x - ave(x, d$person))^2) / (N - n); w <- 1 - mean(1 / k)
  v <- sb + w * sw
  l <- v - sqrt((sb * (1 - (n - 1) / qchisq(.975, n - 1)))^2 + (w * sw * (1 - (N - n) / qchisq(.975, N - n)))^2)
  u <- v + sqrt((sb * ((n - 1) / qchisq(.025, n - 1) - 1))^2 + (w * sw * ((N - n) / qchisq(.025, N - n) - 1))^2)
  near <- sqrt(z^2 * sb / n + z^2 * (sqrt(v) - sqrt(l))^2)
  far <- sqrt(z^2 * sb / n + z^2 * (sqrt(u) - sqrt(v))^2)
  bias <- mean(m); lo <- bias - z * sqrt(v); hi <- bias + z * sqrt(v)
  reg <- summary(lm(tapply(x, d$person, mean) ~ tapply((d$a + d$b) / 2, d$person, mean)))$coefficients[2, ]
  sprintf('"a": %s, "b": %s, "person": %s, "bias": %s, "bias_ci": %s, "sd": %s, "lower": %s, "upper": %s, "lower_ci": %s, "upper_ci": %s, "slope": %s',
    num(d$a), num(d$b), num(d$person), num(bias), num(bias + c(-1, 1) * qt(.975, n - 1) * sqrt(sb / n)), num(sqrt(v)), num(lo), num(hi),
    num(c(lo - far, lo + near)), num(c(hi - near, hi + far)), num(as.vector(reg)))
}
ms <- anova(lm(I(a - b) ~ factor(person), d))[["Mean Sq"]]
cat(sprintf('{\n"made_by": "tests/reference/scripts/limits_clustered.R, R %s, lme4 %s",\n"even": {%s, "sd_anova": %s},\n"uneven": {%s}\n}\n',
  getRversion(), packageVersion("lme4"), zou(d), num(sqrt(ms[2] + (ms[1] - ms[2]) / 5)), zou(d[d$pair > d$person %% 4, ])))
