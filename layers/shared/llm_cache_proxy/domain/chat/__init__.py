"""Chat completions: what is asked, how an answer is put together, and in what forms it is kept."""
