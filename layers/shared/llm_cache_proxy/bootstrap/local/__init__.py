"""The local server: its app, its folders, and what runs beside its requests."""
