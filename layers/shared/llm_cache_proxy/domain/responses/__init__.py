"""The Responses API: what is asked, which answers are whole, and the events that tell one again."""
