"""What is measured and what measures: servers, functions, load, the machine."""
