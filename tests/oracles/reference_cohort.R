# Every figure that the trial's report prints, computed from the shipped cohort's columns.
# Usage: Rscript reference_cohort.R COHORT.csv
# Prints: source, quantity, name, month (empty), value.
suppressPackageStartupMessages(library(survival))
cat("#", R.version.string, "| survival", format(packageVersion("survival")), "\n")
cohort <- read.csv(commandArgs(trailingOnly = TRUE)[1], stringsAsFactors = FALSE,
                   colClasses = c(metastatic_organs = "character"))
precise <- coxph.control(eps = 1e-11, iter.max = 100)
arms <- c("systemic_therapy", "ptr_plus_systemic_therapy")
cohort$surgery <- as.numeric(cohort$arm == arms[2])
# Sites of several organs are not known: they are taken for visceral disease.
cohort$visceral <- cohort$metastatic_organs == "2+" |
  cohort$metastatic_sites %in% c("liver", "lung")

line <- function(source, quantity, name, value) {
  data.frame(source, quantity, name, month = NA, value = as.numeric(value))
}

groups <- with(cohort, list(
  all = rep(TRUE, nrow(cohort)),
  er_negative = er_status == "negative",
  er_positive = er_status == "positive",
  her2_negative = her2_status == "negative",
  her2_positive = her2_status == "positive",
  triple_negative = triple_negative == "true",
  not_triple_negative = triple_negative == "false",
  premenopausal = menopausal_status == "pre",
  postmenopausal = menopausal_status == "post",
  ps_0 = ecog_ps == 0,
  ps_1_or_2 = ecog_ps >= 1,
  one_organ = metastatic_organs == "1",
  two_or_more_organs = metastatic_organs == "2+",
  no_liver = liver_metastasis == "false",
  liver = liver_metastasis == "true",
  bone_only = bone_only_metastasis == "true",
  not_bone_only = bone_only_metastasis == "false"
))

ratio <- function(source, fit, name, level) {
  limits <- exp(confint(fit, level = level))
  rbind(
    line(source, "hazard ratio", name, exp(coef(fit))),
    line(source, "lower", name, limits[1]),
    line(source, "upper", name, limits[2])
  )
}

# Medians with log-log limits; a curve that stays at one half gives the middle of the step.
middle <- function(source, rows, name) {
  months <- cohort[[paste0(source, "_months")]][rows]
  event <- cohort[[paste0(source, "_event")]][rows]
  found <- quantile(survfit(Surv(months, event) ~ 1, conf.type = "log-log"), 0.5)
  rbind(
    line(source, "median", name, found$quantile),
    line(source, "median, lower", name, found$lower),
    line(source, "median, upper", name, found$upper)
  )
}

found <- NULL
for (name in names(groups)) {
  own <- cohort[groups[[name]], ]
  fit <- coxph(Surv(os_months, os_event) ~ surgery, own, ties = "efron", control = precise)
  found <- rbind(found, ratio("os", fit, name, 0.95), middle("os", groups[[name]], name))
  for (arm in arms) {
    inside <- groups[[name]] & cohort$arm == arm
    found <- rbind(
      found,
      middle("os", inside, paste(name, arm)),
      line("count", "patients", paste(name, arm), sum(inside)),
      line("count", "deaths", paste(name, arm), sum(cohort$os_event[inside]))
    )
  }
}

strata_terms <- Surv(os_months, os_event) ~ surgery + strata(er_status, her2_status, visceral)
stratified <- coxph(strata_terms, cohort, ties = "efron", control = precise)
test <- survdiff(strata_terms, cohort)
sign <- sign(coef(stratified))
found <- rbind(
  found,
  ratio("os", stratified, "stratified", 0.90),
  line("os", "one-sided p", "stratified", pnorm(sign * sqrt(test$chisq))),
  line("os", "tied days", "", sum(duplicated(cohort$os_months)))
)

relapse <- coxph(Surv(lrfs_months, lrfs_event) ~ surgery, cohort, ties = "efron",
                 control = precise)
found <- rbind(found, ratio("lrfs", relapse, "all", 0.95))
for (arm in arms) {
  found <- rbind(found, middle("lrfs", cohort$arm == arm, arm))
}

for (source in c("ulceration", "bleeding")) {
  happened <- cohort[[paste0(source, "_event")]] == 1 & cohort[[paste0(source, "_months")]] <= 48
  for (arm in arms) {
    own <- happened[cohort$arm == arm]
    exact <- binom.test(sum(own), length(own))
    found <- rbind(
      found,
      line(source, "events", arm, sum(own)),
      line(source, "proportion", arm, exact$estimate),
      line(source, "lower", arm, exact$conf.int[1]),
      line(source, "upper", arm, exact$conf.int[2])
    )
  }
  p <- fisher.test(table(cohort$arm, happened))$p.value
  found <- rbind(found, line(source, "p", "", p))
}

found <- rbind(
  found,
  line("follow-up", "quartile", c("lower", "median", "upper"),
       quantile(cohort$os_months, c(0.25, 0.5, 0.75)))
)

# Counts by arm: Table 1, and the ER x HER2 cells with their deaths.
columns <- c("clinical_t", "clinical_n", "menopausal_status", "ecog_ps", "er_status",
             "her2_status", "triple_negative", "metastatic_organs", "liver_metastasis",
             "bone_only_metastasis")
cohort$receptors <- paste(cohort$er_status, cohort$her2_status)
for (arm in arms) {
  own <- cohort[cohort$arm == arm, ]
  for (column in columns) {
    counted <- table(own[[column]])
    found <- rbind(found, line(column, arm, names(counted), counted))
  }
  patients <- table(own$receptors)
  deaths <- tapply(own$os_event, own$receptors, sum)
  found <- rbind(
    found,
    line("receptors", paste(arm, "patients"), names(patients), patients),
    line("receptors", paste(arm, "deaths"), names(deaths), deaths),
    line("age", arm, c("quartile_1", "median", "quartile_3"),
         quantile(own$age, c(0.25, 0.5, 0.75)))
  )
}
one <- table(cohort$metastatic_sites[cohort$metastatic_organs == "1"])
found <- rbind(found, line("sites", "one organ", names(one), one))

# What has to hold for each patient: how many break it.
broken <- with(cohort, c(
  lrfs_beyond_os = sum(lrfs_months > os_months),
  alive_before_four_years = sum(os_event == 0 & os_months < 48),
  complication_beyond_os = sum(ulceration_months > os_months | bleeding_months > os_months),
  died_first_but_alive = sum((ulceration_event == 2 | bleeding_event == 2) & os_event == 0),
  free_but_not_followed = sum(ulceration_event != 1 & ulceration_months != os_months |
                                bleeding_event != 1 & bleeding_months != os_months)
))
found <- rbind(found, line("broken", "patients", names(broken), broken))
write.csv(found, row.names = FALSE, na = "")
