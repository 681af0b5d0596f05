# Tests of proportional hazards by R's survival. Usage: Rscript zph.R FILE.csv ...
# Each file: months, event (0 or 1), offset, then the columns of the design matrix.
# Prints: source (the file's name), quantity, name (of a column), value.
suppressPackageStartupMessages(library(survival))
cat("#", R.version.string, "| survival", format(packageVersion("survival")), "\n")
precise <- coxph.control(eps = 1e-11, iter.max = 100)

line <- function(source, quantity, name, value) data.frame(source, quantity, name, value)

tests_of <- function(path) {
  source <- sub("\\.csv$", "", basename(path))
  data <- read.csv(path)
  terms <- setdiff(names(data), c("months", "event", "offset"))
  model <- as.formula(paste("Surv(months, event) ~ offset(offset) +", paste(terms, collapse = "+")))
  fit <- coxph(model, data, ties = "efron", control = precise)
  found <- cox.zph(fit, transform = "km", terms = FALSE, global = FALSE)
  rows <- list(
    line(source, "coefficient", terms, coef(fit)),
    line(source, "chisq", terms, found$table[, "chisq"]),
    line(source, "p", terms, found$table[, "p"])
  )
  residuals <- lapply(terms, function(term) line(source, "residual", term, found$y[, term]))
  do.call(rbind, c(rows, residuals))
}

answer <- do.call(rbind, lapply(commandArgs(trailingOnly = TRUE), tests_of))
answer$value <- sprintf("%.17g", answer$value)
write.csv(answer, row.names = FALSE, quote = FALSE)
