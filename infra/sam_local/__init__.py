"""The stack under `sam local`, by `python -m infra.sam_local`; Docker is all that it needs."""
