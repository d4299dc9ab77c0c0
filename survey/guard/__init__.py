"""The dignity guard: personal data masked, words of danger noticed. Local, rules only, no model."""
