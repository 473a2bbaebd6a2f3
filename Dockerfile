# Continuum, a server by default: docker run -p 127.0.0.1:8000:8000 -v continuum:/data IMAGE
# A worker is the same image: docker run -e REDIS_URL=... -e NEO4J_URI=... IMAGE worker
# It runs as uid 1000, needs no capability, and writes to /data and /tmp alone: its root may be read-only.

# The browser pages.
FROM node:22-slim AS pages
WORKDIR /build
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-progress --no-audit
COPY web/ ./
RUN node build.mjs --out /pages

# What the lock names, wheels alone: nothing is compiled, so no stage needs a compiler. Bytecode is made here, since
# nobody may write there later; without dates, in one process and with one order of sets, so that equal sources make
# equal files. What is left out: pip, and zstandard's second half, which only other Pythons than CPython load.
FROM python:3.11-slim AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /build
COPY requirements.lock ./
RUN python3.11 -m venv /opt/continuum \
    && /opt/continuum/bin/python -m pip install --no-compile --require-hashes --only-binary=:all: \
        --requirement requirements.lock \
    && /opt/continuum/bin/python -m pip uninstall --yes pip setuptools \
    && rm -f /opt/continuum/lib/python3.11/site-packages/zstandard/_cffi.*.so \
    && PYTHONHASHSEED=0 /opt/continuum/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/continuum

FROM python:3.11-slim AS program
WORKDIR /opt/continuum/app
COPY continuum continuum
COPY schema schema
COPY resolvers resolvers
COPY exploration exploration
COPY graphstore graphstore
COPY providers providers
COPY telemetry telemetry
RUN PYTHONHASHSEED=0 python3.11 -m compileall -q --invalidation-mode unchecked-hash .

FROM python:3.11-slim
# What changes least comes first. The base's own pip goes too: nothing is installed where this runs.
RUN groupadd --gid 1000 continuum \
    && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /data --shell /usr/sbin/nologin continuum \
    && install --directory --owner=1000 --group=1000 /data \
    && rm -rf /usr/local/lib/python3.11/ensurepip /usr/local/lib/python3.11/site-packages/* /usr/local/bin/pip*
COPY --from=packages /opt/continuum /opt/continuum
COPY --from=pages /pages /opt/continuum/pages
COPY --from=program /opt/continuum/app /opt/continuum/app
ENV PATH="/opt/continuum/bin:${PATH}" \
    PYTHONPATH=/opt/continuum/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    DATA_DIR=/data \
    PAGES_DIR=/opt/continuum/pages \
    HOST=0.0.0.0 \
    PORT=8000 \
    WORKER_PORT=8001
# The version is that of continuum/version.py; scripts/image tells the revision.
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=""
LABEL org.opencontainers.image.title="Continuum" \
      org.opencontainers.image.description="A GraphQL knowledge-graph server: name a topic, and agents expand it into a typed, sourced graph of concepts." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11-slim"
USER 1000:1000
WORKDIR /data
VOLUME /data
EXPOSE 8000 8001
STOPSIGNAL SIGTERM
# A container is a server or a worker: one of both ports answers.
HEALTHCHECK --interval=15s --timeout=3s --start-period=60s --retries=3 \
    CMD ["/bin/sh", "-c", "exec python -m continuum.alive \"$PORT\" \"$WORKER_PORT\""]
ENTRYPOINT ["python", "-m", "continuum"]
CMD ["serve"]
