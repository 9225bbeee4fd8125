# The demo in a container; docs/operations.md says how to run it.
#   docker build -t sketch-sum .
#   docker run --init -p 8501:8501 -v sketch-sum:/data -m 3g sketch-sum
FROM debian:bookworm-slim

RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
# Any user id may write to /data, and to a new volume there.
RUN useradd --create-home --uid 1000 demo \
    && install -d -o demo -g demo /app /venv \
    && install -d -m 1777 /data

USER demo
WORKDIR /app
# The CPU build of torch saves gigabytes. pytorch.org names the address of an index that has it:
#   docker build --build-arg PIP_EXTRA_INDEX_URL=... -t sketch-sum .
ARG PIP_EXTRA_INDEX_URL=
# What a cluster needs on top (deploy/compose.yml): --build-arg CLUSTER=1
ARG CLUSTER=
COPY requirements.txt requirements.lock requirements-cluster.txt ./
# All but torch as it was locked, each file by its hash; then torch, by its version.
RUN python3 -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
    && /venv/bin/pip install --no-cache-dir -r requirements.txt \
    && if [ -n "$CLUSTER" ]; then /venv/bin/pip install --no-cache-dir -r requirements-cluster.txt; fi
COPY --chown=demo:demo . ./

ENV PATH=/venv/bin:$PATH SKETCH_SUM_DATA=/data/images SKETCH_SUM_RUNS=/data/runs
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=3m \
    CMD ["python", "-c", "import urllib.request as ask; ask.urlopen('http://127.0.0.1:8501/_stcore/health')"]
# Images that are there already are only checked; without them, drawing works all the same.
CMD ["sh", "-c", "timeout 150 python -m core fetch all; exec python -m views"]
