"""Answers that speak of danger, and how personal data and danger are looked after."""
