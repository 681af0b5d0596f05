#!/bin/sh
# Make a virtual environment from a lock file and install Equipoise into it.
# Usage: environment.sh FOLDER LOCKFILE
set -eu
folder=$1
lock=$2

find_python() {
  for name in ${PYTHON:-} python3.11 python3 python3.12 python3.13; do
    if command -v "$name" >/dev/null 2>&1 &&
      "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      echo "$name"
      return
    fi
  done
}

install_system_python() {
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3 python3-venv
  else
    echo "Python 3.11 or later with its venv module is needed." >&2
    echo "Install it (Debian: apt-get install python3 python3-venv) and try again." >&2
    exit 1
  fi
}

python=$(find_python)
if [ -z "$python" ] || ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
  install_system_python
  python=$(find_python)
fi

[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
  --requirement "$lock"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
  --no-build-isolation --editable .
