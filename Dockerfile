# The proxy and its embedding service, on arm64 and amd64:
#   docker build -t llm-cache-proxy .
#   docker run -p 127.0.0.1:3000:3000 -e ADMIN_KEY=... -v cache:/data llm-cache-proxy
# `llm-cache-proxy embedding` in the same image serves the model alone; compose.yaml runs both.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ENTRYPOINT []
WORKDIR /build
RUN python -m venv /opt/llm-cache-proxy
ENV PIP="/opt/llm-cache-proxy/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check"
COPY requirements-command.txt ./
RUN $PIP --require-hashes --only-binary=:all: -r requirements-command.txt
# The model comes before the package, so that a change of code does not fetch it again.
COPY functions/embedding/build_model.py functions/embedding/
COPY layers/shared/llm_cache_proxy/adapters/embedder/minilm/model_build \
    layers/shared/llm_cache_proxy/adapters/embedder/minilm/model_build
RUN /opt/llm-cache-proxy/bin/python functions/embedding/build_model.py --out /opt/model
COPY pyproject.toml README.md LICENSE ./
COPY layers/shared/llm_cache_proxy layers/shared/llm_cache_proxy
RUN $PIP --no-deps . \
    && rm -rf /opt/llm-cache-proxy/lib/python*/site-packages/pip \
    && mkdir /data && chown 65532:65532 /data

FROM ${PYTHON_IMAGE}
COPY --from=build /opt /opt
COPY --from=build --chown=65532:65532 /data /data
ENV PATH=/opt/llm-cache-proxy/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=3000 \
    DATA_DIR=/data \
    MODEL_DIR=/opt/model
# Whatever image stands in for the base, this is what runs.
ENTRYPOINT []
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=2)"]
CMD ["llm-cache-proxy", "serve"]
