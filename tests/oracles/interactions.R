# Interactions from the printed rows of Fig. 3. Usage: Rscript interactions.R FILE.csv
# The file: pair (a number), then estimate, lower and upper of its two rows, all at 95%.
# Prints: source (empty), quantity, name (the pair), value.
cat("#", R.version.string, "\n")
rows <- read.csv(commandArgs(trailingOnly = TRUE)[1])
error <- function(lower, upper) (log(upper) - log(lower)) / (2 * qnorm(0.975))
difference <- log(rows$first) - log(rows$second)
spread <- sqrt(error(rows$first_lower, rows$first_upper)^2 +
                 error(rows$second_lower, rows$second_upper)^2)
p <- 2 * pnorm(-abs(difference / spread))
reach <- qnorm(0.975) * spread
line <- function(quantity, value) {
  data.frame(source = "", quantity, name = rows$pair, value = sprintf("%.17g", value))
}
answer <- rbind(
  line("ratio", exp(difference)),
  line("lower", exp(difference - reach)),
  line("upper", exp(difference + reach)),
  line("p", p),
  line("bonferroni", p.adjust(p, "bonferroni")),
  line("holm", p.adjust(p, "holm"))
)
write.csv(answer, row.names = FALSE, quote = FALSE)
