#!/bin/sh
# Install what the tests need beside Python, or say what to install: Chromium and its driver
# for the browser tests, curl for the README's examples.
set -eu
packages="chromium chromium-driver curl"

complete() {
  for command in chromium chromedriver curl; do
    command -v "$command" >/dev/null 2>&1 || return 1
  done
}

if complete; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq
  # shellcheck disable=SC2086 # the names are separate words
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $packages
else
  echo "The tests need Chromium, its driver and curl." >&2
  echo "Install them (Debian: apt-get install $packages) and try again." >&2
  exit 1
fi
