#!/bin/sh
# Run the Dockerfile's steps without a container engine: install in an empty folder as an
# ordinary user, then serve offline and ask. A test holds the install commands equal to the
# Dockerfile's. Environment: PYTHON, a Python 3.11 or later that the ordinary user may run.
set -eu
cd "$(dirname "$0")/.."
user=10001
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
venv=$work/equipoise

as_user() {
  if [ "$(id -u)" = 0 ]; then
    HOME=$work setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs "$@"
  else
    HOME=$work "$@"
  fi
}

find_python() {
  for name in ${PYTHON:-} python3.11 python3 /usr/bin/python3.11 /usr/bin/python3; do
    if as_user "$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
      >/dev/null 2>&1; then
      echo "$name"
      return
    fi
  done
  echo "No Python 3.11 or later that an ordinary user may run (Debian: python3-venv)." >&2
  return 1
}

mkdir "$work/build"
cp -R requirements-service.txt pyproject.toml README.md LICENSE models service training "$work/build"
if [ "$(id -u)" = 0 ]; then
  chown -R "$user:$user" "$work"
fi
python=$(find_python)

cat >"$work/install.sh" <<'STEPS'
set -eu
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --require-hashes --only-binary :all: --requirement requirements-service.txt
"$venv/bin/python" -m pip wheel --no-deps --no-build-isolation --wheel-dir dist .
"$venv/bin/python" -m pip install --no-deps --no-index --find-links dist equipoise
"$venv/bin/python" -m pip uninstall --yes pip setuptools
STEPS
export python venv PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_QUIET=1
(cd "$work/build" && as_user sh "$work/install.sh")

# From here on nobody may write there, as on a read-only root file system.
rm -rf "$work/build"
cp scripts/ask_service.py "$work"
if [ "$(id -u)" = 0 ]; then
  chown -R 0:0 "$work"
fi
chmod -R a-w,a+rX "$work"

# Without a network where the system lets us.
offline=""
if unshare --net true 2>/dev/null; then
  offline="unshare --net"
fi
# shellcheck disable=SC2086 # the words are separate
$offline "$venv/bin/python" -I "$work/ask_service.py" "$venv" "$user"
