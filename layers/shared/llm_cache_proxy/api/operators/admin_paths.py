"""Which path stands for which action; the command line calls by the same table."""

from collections.abc import Mapping

PATHS: Mapping[str, tuple[str, str]] = {
    "/admin/stats": ("GET", "stats"),
    "/admin/health": ("GET", "health"),
    "/admin/config": ("GET", "config"),
    "/admin/entries": ("GET", "entries"),
    "/admin/requests": ("GET", "requests"),
    "/admin/entries/search": ("GET", "search_entries"),
    "/admin/entries/show": ("GET", "entry"),
    "/admin/entries/count": ("GET", "count"),
    "/admin/entries/export": ("POST", "export"),
    "/admin/entries/import": ("POST", "import"),
    "/admin/entries/reembed": ("POST", "reembed"),
    "/admin/cache/clear": ("POST", "clear"),
    "/admin/explain": ("POST", "explain"),
    "/admin/feedback": ("POST", "feedback"),
    "/admin/threshold/restore": ("POST", "restore_threshold"),
    "/admin/learning": ("GET", "learning"),
    "/admin/keys": ("GET", "keys"),
    "/admin/keys/create": ("POST", "create_key"),
    "/admin/keys/revoke": ("POST", "revoke_key"),
    "/admin/keys/rotate": ("POST", "rotate_key"),
    "/admin/keys/edit": ("POST", "edit_key"),
    "/admin/keys/export": ("GET", "export_keys"),
    "/admin/keys/import": ("POST", "import_keys"),
    "/admin/purge": ("POST", "purge"),
}
"""Method and action by path: reading actions take their fields from the query, others a body."""
