# R's survival: survival of many patients under both arms, four hazards, five months.
# Usage: Rscript --vanilla survival.R FOLDER, then a command a line on standard input:
#   version         which R and survival
#   points ROWS     predict(type = "survival") of the first rows; answers seconds
#   arrays ROWS     predict(type = "lp", reference = "zero") and basehaz, as arrays; answers seconds
#   intervals ROWS  survfit with conf.int = 0.95, read by summary; answers seconds
#   figures WAY ROWS  as points or arrays, written to figures.bin as doubles; answers "written"
# FOLDER holds HAZARD.csv (months, event, the columns of the design matrix and the arm),
# coefficients.csv (a column a hazard), patients.csv (the columns without the arm), months.csv.
# It is fair because the models are given: the same coefficients (no iteration) and Breslow's
# baseline; frames of new data, and for arrays the baseline at the months, are made before the clock
# starts, which ours are not.
suppressPackageStartupMessages(library(survival))
folder <- commandArgs(trailingOnly = TRUE)[1]
read <- function(name) read.csv(file.path(folder, paste0(name, ".csv")), check.names = FALSE)
coefficients <- read("coefficients")
patients <- read("patients")
horizons <- read("months")$months
hazards <- names(coefficients)

fit_of <- function(name) {
  data <- read(name)
  wanted <- reformulate(setdiff(names(data), c("months", "event")), "Surv(months, event)")
  coxph(wanted, data, ties = "breslow", init = coefficients[[name]], model = TRUE, x = TRUE,
        y = TRUE, control = coxph.control(iter.max = 0))
}
fits <- lapply(hazards, fit_of)

# The patients under both arms, without and with a month a row; the patients run fastest.
arms_of <- function(rows) {
  do.call(rbind, lapply(0:1, function(arm) cbind(patients[seq_len(rows), ], arm = arm)))
}
months_of <- function(rows) {
  do.call(rbind, lapply(0:1, function(arm) do.call(rbind, lapply(horizons, function(month) {
    cbind(patients[seq_len(rows), ], arm = arm, months = month, event = 0)
  }))))
}

points_of <- function(data) {
  lapply(fits, function(fit) predict(fit, newdata = data, type = "survival"))
}
baseline_of <- function(fit) {
  steps <- basehaz(fit, centered = FALSE)
  c(0, steps$hazard)[findInterval(horizons, steps$time) + 1]
}
baselines <- lapply(fits, baseline_of)
arrays_of <- function(data) {
  Map(function(fit, baseline) {
    exp(-outer(exp(predict(fit, newdata = data, type = "lp", reference = "zero")), baseline))
  }, fits, baselines)
}
intervals_of <- function(data) {
  lapply(fits, function(fit) {
    found <- summary(survfit(fit, newdata = data, conf.int = 0.95), times = horizons)
    list(found$surv, found$lower, found$upper)
  })
}
seconds <- function(action) {
  start <- proc.time()[["elapsed"]]
  action
  proc.time()[["elapsed"]] - start
}
version_of <- function() {
  paste0("R ", getRversion(), ", survival ", format(packageVersion("survival")))
}

frames <- list(points = months_of, arrays = arms_of, intervals = arms_of)
ways <- list(points = points_of, arrays = arrays_of, intervals = intervals_of)
# Rows of both arms by months, turned into what points give: rows, months, arms.
in_order <- function(found, rows) {
  lapply(found, function(each) aperm(array(each, c(rows, 2, length(horizons))), c(1, 3, 2)))
}
write_figures <- function(way, rows) {
  found <- ways[[way]](frames[[way]](rows))
  if (way == "arrays") found <- in_order(found, rows)
  writeBin(unlist(found), file.path(folder, "figures.bin"))
}

commands <- file("stdin", open = "r")
while (length(line <- readLines(commands, n = 1)) > 0) {
  words <- strsplit(line, " ")[[1]]
  if (words[1] == "version") {
    answer <- version_of()
  } else if (words[1] == "figures") {
    write_figures(words[2], as.integer(words[3]))
    answer <- "written"
  } else {
    data <- frames[[words[1]]](as.integer(words[2]))
    answer <- sprintf("%.6f", seconds(ways[[words[1]]](data)))
  }
  cat(answer, "\n", sep = "")
  flush(stdout())
}
