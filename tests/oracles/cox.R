# Cox models by R's survival. Usage: Rscript cox.R FILE.csv ...
# Each file: months, event (0 or 1), then the columns of the design matrix.
# Prints: source (the file's name), quantity, name (of a column or a row), month, value.
suppressPackageStartupMessages(library(survival))
cat("#", R.version.string, "| survival", format(packageVersion("survival")), "\n")
precise <- coxph.control(eps = 1e-11, iter.max = 100)
horizons <- 0:96

line <- function(source, quantity, name, month, value) {
  data.frame(source, quantity, name, month, value)
}

# A curve at whole months: surv or cumhaz of a survfit with one column a row of newdata.
curve <- function(fitted, what) {
  as.matrix(summary(fitted, times = horizons, extend = TRUE)[[what]])
}

curves_of <- function(source, quantity, fitted, what) {
  values <- curve(fitted, what)
  do.call(rbind, lapply(seq_len(ncol(values)), function(row) {
    line(source, quantity, row - 1, horizons, values[, row])
  }))
}

# The cumulative baseline as basehaz gives it: the last step at or before each month.
baseline_of <- function(source, quantity, fit) {
  steps <- basehaz(fit, centered = FALSE)
  values <- c(0, steps$hazard)[findInterval(horizons, steps$time) + 1]
  line(source, quantity, "", horizons, values)
}

oracle <- function(file) {
  source <- sub("\\.csv$", "", basename(file))
  data <- read.csv(file, check.names = FALSE)
  columns <- setdiff(names(data), c("months", "event"))
  names(data)[match(columns, names(data))] <- paste0("x", seq_along(columns))
  wanted <- reformulate(paste0("x", seq_along(columns)), "Surv(months, event)")
  efron <- coxph(wanted, data, ties = "efron", control = precise)
  breslow <- coxph(wanted, data, ties = "breslow", control = precise)
  zero <- data[1, ]
  zero[paste0("x", seq_along(columns))] <- 0
  some <- data[1:3, ]
  # ctype: how the cumulative hazard treats ties (1 Breslow or Nelson-Aalen, 2 Efron).
  # stype: 2 for survival = exp(-cumulative hazard).
  rbind(
    line(source, "coefficient, efron", columns, NA, coef(efron)),
    line(source, "coefficient, breslow", columns, NA, coef(breslow)),
    curves_of(source, "baseline, efron then ctype 1",
              survfit(efron, newdata = zero, se.fit = FALSE, ctype = 1, stype = 2), "cumhaz"),
    baseline_of(source, "basehaz, efron", efron),
    baseline_of(source, "basehaz, breslow", breslow),
    curves_of(source, "survival, efron then ctype 1",
              survfit(efron, newdata = some, se.fit = FALSE, ctype = 1, stype = 2), "surv"),
    curves_of(source, "survival, efron",
              survfit(efron, newdata = some, se.fit = FALSE), "surv"),
    curves_of(source, "survival, breslow",
              survfit(breslow, newdata = some, se.fit = FALSE), "surv")
  )
}

found <- do.call(rbind, lapply(commandArgs(trailingOnly = TRUE), oracle))
write.csv(found, row.names = FALSE, na = "")
