"""``carrier-relay accounts``: what a running relay does with its accounts, and what a VTEX account does with a PUT."""

from app.cli.accounts.commands import accounts

__all__ = ["accounts"]
