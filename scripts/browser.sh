#!/bin/sh
# Install Chromium and its driver for the browser tests, or say what to install.
set -eu
if command -v chromium >/dev/null 2>&1 && command -v chromedriver >/dev/null 2>&1; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium chromium-driver
else
  echo "The browser tests need Chromium and its driver." >&2
  echo "Install them (Debian: apt-get install chromium chromium-driver) and try again." >&2
  exit 1
fi
