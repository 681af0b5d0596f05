# The service alone: form, API and `equipoise score`, without the libraries that only training needs.
# scripts/container-steps.sh runs the lines between the marks outside a container; a test holds
# both equal.
FROM python:3.11-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements-service.txt pyproject.toml README.md LICENSE ./
COPY models models
COPY service service
COPY training training
# The first line brings setuptools, too, so that the wheel is built from what the lock names.
RUN python -m venv /opt/equipoise \
    && /opt/equipoise/bin/python -m pip install --require-hashes --only-binary :all: --requirement requirements-service.txt \
    && /opt/equipoise/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/equipoise/bin/python -m pip install --no-deps --no-index --find-links dist equipoise \
    && /opt/equipoise/bin/python -m pip uninstall --yes pip setuptools

FROM python:3.11-slim-bookworm

LABEL org.opencontainers.image.title="Equipoise" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 equipoise \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin equipoise
COPY --from=build /opt/equipoise /opt/equipoise
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/opt/equipoise/bin:$PATH
WORKDIR /tmp
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["/opt/equipoise/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
# Exec form: gunicorn's master is process 1 and gets the signal to stop. The host is not loopback, so
# EQUIPOISE_TOKENS must be set.
ENTRYPOINT ["/opt/equipoise/bin/equipoise", "serve", "--host", "0.0.0.0", "--port", "8000"]
