"""The guided deployment: `make deploy`, `make tune`, `make destroy`.

Asks about six things in nine lines, tries each before anything is built, keeps the answers
(samconfig.toml) and the secrets (AWS Systems Manager), builds, deploys, and asks the deployed stack
twice.
"""
