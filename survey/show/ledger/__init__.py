"""The ledger of themes: what people do to them, what they did, and what came of it."""
