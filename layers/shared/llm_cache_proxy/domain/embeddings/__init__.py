"""Batches of embeddings, item by item: what is asked, what is kept, and how answers are made."""
