# Values for tests/sites/test_difference_in_differences.py. From this folder:
#   Rscript difference_in_differences.R > ../difference_in_differences.json
# Data: ../data/BtheB.csv (see ancova_btheb.R); "ward" is made up: people 1 to 10 are ward 0, …
suppressPackageStartupMessages(library(clubSandwich))
d <- read.csv("../data/BtheB.csv", stringsAsFactors = TRUE)
d$id <- seq_len(nrow(d)); d$ward <- (d$id - 1) %/% 10
d$arm <- as.numeric(d$treatment == "BtheB"); d$change <- d$bdi.2m - d$bdi.pre
long <- rbind(data.frame(d[c("id", "ward", "arm", "drug")], wave = 0, y = d$bdi.pre),
  data.frame(d[c("id", "ward", "arm", "drug")], wave = 1, y = d$bdi.2m))
long <- long[!is.na(long$y), ]
both <- d[!is.na(d$change), ]
one <- function(fit, cluster, type, term) {
  s <- coef_test(fit, vcov = type, cluster = cluster, test = "Satterthwaite")
  s <- s[rownames(s) == term, ]
  list(estimate = s$beta, se = s$SE, df = s$df_Satt, p = s$p_Satt)
}
f1 <- lm(change ~ arm, both); f2 <- lm(y ~ arm * wave, long)
f3 <- lm(change ~ arm + drug, both); f4 <- lm(y ~ (arm + drug) * wave, long)
out <- list(
  change = one(f1, both$ward, "CR2", "arm"), interaction = one(f2, long$ward, "CR2", "arm:wave"),
  change_cr1s = one(f1, both$ward, "CR1S", "arm"),
  change_drug = one(f3, both$ward, "CR2", "arm"), interaction_drug = one(f4, long$ward, "CR2", "arm:wave"),
  change_people = one(f1, both$id, "CR2", "arm"), interaction_people = one(f2, long$id, "CR2", "arm:wave"))
cat(jsonlite::toJSON(list(call = "scripts/difference_in_differences.R",
  versions = list(R = as.character(getRversion()), clubSandwich = as.character(packageVersion("clubSandwich"))),
  entries = out), auto_unbox = TRUE, digits = NA), "\n")
