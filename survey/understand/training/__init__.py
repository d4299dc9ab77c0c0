"""Train the shipped reader from the labelled text in `text/`; `make book` runs it."""
