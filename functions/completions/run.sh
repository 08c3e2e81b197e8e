#!/bin/bash
# Lambda's entry point of the completions function behind the Lambda Web Adapter: streams answers.
# Connections are kept for longer than the adapter keeps them (4 s), so that it never sends a
# request into one that is just being closed.
set -euo pipefail
cd "${LAMBDA_TASK_ROOT}"
export PATH="${PATH}:/var/lang/bin"
export PYTHONPATH="${LAMBDA_TASK_ROOT}:/opt/python:${LAMBDA_RUNTIME_DIR:-/var/runtime}"
exec python -m uvicorn app:app \
  --host 127.0.0.1 --port "${AWS_LWA_PORT}" \
  --lifespan on --timeout-keep-alive 65 \
  --no-access-log --no-server-header --log-level warning
