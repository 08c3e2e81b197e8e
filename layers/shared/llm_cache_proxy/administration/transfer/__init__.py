"""Entries as lines: export, and import that checks every line before it stores."""
