# Slopes over occasions: overall by lme4 and pbkrtest, by site and their test by lm.
suppressMessages({library(lme4); library(lmerTest)})
options(digits = 15)
d <- as.data.frame(ChickWeight)  # diet as the site, chick as the team, time as the occasion
d$Chick <- factor(as.character(d$Chick))
m <- lmer(weight ~ Time + (1 | Diet/Chick), d)
print(coef(summary(m, ddf = "Kenward-Roger"))["Time", ])
l <- lm(weight ~ Chick + Diet:Time, d)
print(coef(summary(l))[paste0("Diet", 1:4, ":Time"), ])
print(anova(lm(weight ~ Chick + Time, d), l)[2, ])
m2 <- lmer(Reaction ~ Days + (1 | Subject), sleepstudy)
print(coef(summary(m2, ddf = "Kenward-Roger"))["Days", ])
