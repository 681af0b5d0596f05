#!/bin/sh
# Write the lock files anew from pyproject.toml and the *.in files. Needs uv.
set -eu
cd "$(dirname "$0")/.."
compile() {
  uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" "$@"
}
compile pyproject.toml requirements-build.in --output-file requirements.txt
compile requirements-service.in --constraints requirements.txt --output-file requirements-service.txt
compile pyproject.toml requirements-build.in --extra dev --constraints requirements.txt \
  --output-file requirements-dev.txt
# What every machine of a cluster needs, in the versions that the tests run with.
compile pyproject.toml requirements-build.in --extra cluster --constraints requirements-dev.txt \
  --output-file requirements-cluster.txt
# The second opinion of the tests, in an environment of its own: lifelines needs pandas below 3.
compile tests/oracles/lifelines.in --output-file requirements-lifelines.txt
# BentoML, a peer of the benchmarks, in an environment of its own.
compile benchmarks/peers/bentoml.in --constraints requirements.txt --output-file requirements-bentoml.txt
