# Upstash's REST protocol in front of REDIS_URL, for local stacks: see rest_server.py.
ARG BASE=python:3.13-slim
FROM ${BASE}
RUN pip install --no-cache-dir --disable-pip-version-check \
    "redis>=8.1,<9" "starlette>=1,<2" "uvicorn>=0.54,<1"
COPY rest_server.py /srv/rest_server.py
EXPOSE 8079
# Whatever image stands in for the base, this is what runs.
ENTRYPOINT []
USER 65534
CMD ["python", "/srv/rest_server.py"]
