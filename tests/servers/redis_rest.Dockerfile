# Upstash's REST protocol in front of REDIS_URL, for local stacks: see redis_rest.py.
ARG BASE=python:3.13-slim
FROM ${BASE}
RUN pip install --no-cache-dir --disable-pip-version-check \
    "redis>=8.1,<9" "starlette>=1,<2" "uvicorn>=0.54,<1"
COPY redis_rest.py /srv/redis_rest.py
EXPOSE 8079
# Whatever image stands in for the base, this is what runs.
ENTRYPOINT []
USER 65534
CMD ["python", "/srv/redis_rest.py"]
