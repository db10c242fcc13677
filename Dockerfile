# Trialbridge as a container: a virtual environment is built once, and copied without what built it.

FROM python:3.11-slim-bookworm AS build
WORKDIR /srv
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock .
RUN python3 -m venv .venv \
    && .venv/bin/python3 -m pip install --quiet --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
# Editable: the application stays beside its migrations, as in the repository.
RUN .venv/bin/python3 -m pip install --quiet --no-deps --no-build-isolation --editable . \
    && .venv/bin/python3 -m pip uninstall --quiet --yes setuptools pip

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --no-create-home --home-dir /srv --shell /usr/sbin/nologin trialbridge \
    && mkdir -p /srv/var && chown trialbridge /srv/var
WORKDIR /srv
COPY --from=build /srv .
COPY migrations migrations
ENV PATH=/srv/.venv/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
# The database is brought to the present form beforehand, by `trialbridge migrate`.
CMD ["trialbridge", "serve", "--host", "0.0.0.0", "--port", "8000"]
