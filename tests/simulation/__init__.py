"""A day of very many webhooks, simulated from what was measured: ``make simulate``."""
