#!/bin/sh
# Install what the tests need beside Python, or say what to install: Chromium and its driver
# for the browser tests, a Japanese font for its pages, curl for the README's examples, R with
# survival and cmprsk for the oracles.
set -eu
packages="python3-venv chromium chromium-driver fonts-vlgothic curl r-base-core r-cran-survival r-cran-cmprsk"

complete() {
  for command in chromium chromedriver curl Rscript; do
    command -v "$command" >/dev/null 2>&1 || return 1
  done
  fc-list :lang=ja | grep -q . || return 1
  Rscript --vanilla -e 'library(survival); library(cmprsk)' >/dev/null 2>&1
}

if complete; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq
  # shellcheck disable=SC2086 # the names are separate words
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $packages
else
  echo "The tests need Chromium, its driver, a Japanese font, curl and R with survival and cmprsk." >&2
  echo "Install them (Debian: apt-get install $packages) and try again." >&2
  exit 1
fi
