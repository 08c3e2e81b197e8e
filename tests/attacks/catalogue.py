"""Every attack, by kind; each name stands once."""

from attacks.case import Group
from attacks.groups import (
    administration,
    connections,
    embeddings,
    headers,
    json_bodies,
    limits,
    malformed,
    messages,
    paths,
    stores_away,
    tenants,
    upstream_answers,
    web_pages,
)

GROUPS: tuple[Group, ...] = (
    web_pages.GROUP,
    malformed.GROUP,
    limits.GROUP,
    json_bodies.GROUP,
    headers.GROUP,
    tenants.GROUP,
    administration.GROUP,
    paths.GROUP,
    upstream_answers.GROUP,
    embeddings.GROUP,
    messages.GROUP,
    stores_away.GROUP,
    connections.GROUP,
)
