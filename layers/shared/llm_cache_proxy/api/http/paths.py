"""Paths below `/v1` that more than one module names."""

OPENAPI = "/openapi.json"
