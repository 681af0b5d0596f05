#!/bin/sh
# Make the virtual environment of BentoML, a peer of the benchmarks, from its lock file.
# Usage: bench-bentoml.sh FOLDER; the environment variable PYTHON says which Python makes it.
set -eu
folder=$1
lock=$(dirname "$0")/../requirements-bentoml.txt

[ -x "$folder/bin/python" ] || "${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
  --requirement "$lock"
