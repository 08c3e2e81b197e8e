"""`llm-cache-proxy eval`: how often the semantic tier is right, on labelled texts."""
