"""Batches of embeddings by item: what is requested, what is stored, how answers are made."""
