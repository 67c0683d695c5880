# One base for both stages. A tag moves when the base is rebuilt; for builds that repeat to the byte, name the digest as
# well, here or with --build-arg: PYTHON=python:3.13-slim-bookworm@sha256:<64 hexadecimal digits>
ARG PYTHON=python:3.13-slim-bookworm

# The build stage has pip and the build backend; the image that runs has neither.
FROM ${PYTHON} AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv --without-pip /opt/relay
WORKDIR /src

# The dependencies change rarely and the code often: two layers. Which index they come from is pip's configuration
# (PIP_INDEX_URL, a mounted pip.conf), never this file's; their hashes are in the lock.
COPY requirements/ requirements/
RUN pip --python /opt/relay/bin/python install --require-hashes -r requirements/runtime.txt \
    && pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml LICENSE ./
COPY app/ app/
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/relay/bin/python install --no-deps --no-index dist/*.whl \
    # The root may be read-only when it runs: nothing is compiled then.
    && python -m compileall -q /opt/relay/lib

FROM ${PYTHON}

# The ids are fixed, for volumes and for what Kubernetes demands of an image that is not root.
RUN groupadd --system --gid 10001 relay \
    && useradd --system --uid 10001 --gid relay --no-create-home --home-dir /data --shell /usr/sbin/nologin relay \
    && install --directory --owner relay --group relay --mode 0700 /data
COPY --from=build /opt/relay /opt/relay

ENV PATH=/opt/relay/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    RELAY_DATABASE_URL=sqlite:////data/relay.db
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# Liveness only: a relay that is up but not ready must not be restarted in a loop. No curl, which the base lacks.
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/livez', timeout=2)"]
ENTRYPOINT ["carrier-relay"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
