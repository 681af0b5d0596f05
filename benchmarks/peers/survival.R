# R's survival: survival of many patients under both arms, four hazards, five months.
# Usage: Rscript --vanilla survival.R FOLDER, then a command a line on standard input:
#   version         which R and survival
#   points ROWS     predict(type = "survival") of the first rows; answers seconds
#   intervals ROWS  survfit with conf.int = 0.95, read by summary; answers seconds
#   figures ROWS    as points, written to figures.bin as doubles; answers "written"
# FOLDER holds HAZARD.csv (months, event, the columns of the design matrix and the arm),
# coefficients.csv (a column a hazard), patients.csv (the columns without the arm), months.csv.
# It is fair because the models are given: the same coefficients (no iteration) and Breslow's
# baseline; frames of new data are made before the clock starts, which ours are not.
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

commands <- file("stdin", open = "r")
while (length(line <- readLines(commands, n = 1)) > 0) {
  words <- strsplit(line, " ")[[1]]
  rows <- as.integer(words[2])
  if (words[1] == "version") {
    answer <- version_of()
  } else if (words[1] == "figures") {
    writeBin(unlist(points_of(months_of(rows))), file.path(folder, "figures.bin"))
    answer <- "written"
  } else if (words[1] == "points") {
    data <- months_of(rows)
    answer <- sprintf("%.6f", seconds(points_of(data)))
  } else {
    data <- arms_of(rows)
    answer <- sprintf("%.6f", seconds(intervals_of(data)))
  }
  cat(answer, "\n", sep = "")
  flush(stdout())
}
