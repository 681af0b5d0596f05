# What a trial report prints of a cohort, by R's survival and cmprsk, straight from its columns.
# Usage: Rscript cohort.R COHORT.csv
# Prints: source (the outcome), quantity, name (arm or term), month, value.
suppressPackageStartupMessages({
  library(survival)
  library(cmprsk)
})
cat("#", R.version.string, "| survival", format(packageVersion("survival")),
    "| cmprsk", format(packageVersion("cmprsk")), "\n")
cohort <- read.csv(commandArgs(trailingOnly = TRUE)[1])
precise <- coxph.control(eps = 1e-11, iter.max = 100)
arms <- c("systemic_therapy", "ptr_plus_systemic_therapy")
horizons <- c(12, 48, 60)

line <- function(source, quantity, name, month, value) {
  data.frame(source, quantity, name, month, value)
}

trial_figures <- function(source) {
  months <- cohort[[paste0(source, "_months")]]
  event <- cohort[[paste0(source, "_event")]]
  surgery <- as.numeric(cohort$arm == arms[2])
  ratio <- exp(coef(coxph(Surv(months, event) ~ surgery, ties = "efron", control = precise)))
  test <- survdiff(Surv(months, event) ~ surgery)
  p <- pchisq(test$chisq, df = 1, lower.tail = FALSE)
  found <- rbind(
    line(source, "hazard ratio", "", NA, ratio),
    line(source, "log-rank chi squared", "", NA, test$chisq),
    line(source, "log-rank p", "", NA, p)
  )
  for (arm in arms) {
    own <- cohort$arm == arm
    lived <- Surv(months[own], event[own])
    kaplan_meier <- survfit(lived ~ 1, conf.type = "log-log")
    middle <- quantile(kaplan_meier, 0.5)
    nelson_aalen <- survfit(lived ~ 1, stype = 2, ctype = 1)
    found <- rbind(
      found,
      line(source, "median", arm, NA, middle$quantile),
      line(source, "median, lower", arm, NA, middle$lower),
      line(source, "median, upper", arm, NA, middle$upper),
      line(source, "Kaplan-Meier", arm, horizons, summary(kaplan_meier, times = horizons)$surv),
      line(source, "exp(-Nelson-Aalen)", arm, horizons,
           summary(nelson_aalen, times = horizons)$surv)
    )
  }
  found
}

# 1 is the event, 2 death without it.
incidence <- function(source) {
  months <- cohort[[paste0(source, "_months")]]
  cause <- cohort[[paste0(source, "_event")]]
  gray <- timepoints(cuminc(months, cause, cohort$arm), horizons)$est
  found <- NULL
  for (arm in arms) {
    own <- cohort$arm == arm
    state <- factor(cause[own], levels = 0:2, labels = c("censored", "event", "death"))
    multi <- summary(survfit(Surv(months[own], state) ~ 1), times = horizons)
    occupied <- multi$pstate
    colnames(occupied) <- multi$states
    hazard <- function(code) {
      summary(survfit(Surv(months[own], cause[own] == code) ~ 1, ctype = 1), times = horizons)$cumhaz
    }
    found <- rbind(
      found,
      line(source, "cuminc, event", arm, horizons, gray[paste(arm, 1), ]),
      line(source, "cuminc, death", arm, horizons, gray[paste(arm, 2), ]),
      line(source, "multi-state, event", arm, horizons, occupied[, "event"]),
      line(source, "multi-state, death", arm, horizons, occupied[, "death"]),
      line(source, "Nelson-Aalen, event", arm, horizons, hazard(1)),
      line(source, "Nelson-Aalen, death", arm, horizons, hazard(2))
    )
  }
  found
}

# The design matrix written anew from the columns of the contract: a check of the coding.
design <- with(cohort, cbind(
  (age - 57) / 10,
  menopausal_status == "post",
  ecog_ps >= 1,
  clinical_t %in% c("T3", "T4"),
  clinical_t == "T4",
  clinical_n != "N0",
  clinical_n %in% c("N2", "N3"),
  er_status == "positive",
  her2_status == "positive",
  er_status == "positive" & her2_status == "positive",
  metastatic_organs == "2+",
  as.logical(liver_metastasis),
  as.logical(bone_only_metastasis),
  arm == arms[2]
))
death <- coxph(Surv(os_months, os_event) ~ design, cohort, ties = "efron", control = precise)

found <- rbind(
  line("os", "coefficient", seq_along(coef(death)) - 1, NA, coef(death)),
  trial_figures("os"),
  trial_figures("lrfs"),
  incidence("ulceration"),
  incidence("bleeding")
)
write.csv(found, row.names = FALSE, na = "")
