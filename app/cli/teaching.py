"""What help texts teach beyond their options."""

__all__ = ["example"]


def example(line: str) -> str:
    """Show a command as somebody would type it, as the end of its help, on a line that is never wrapped."""
    return f"\b\nExample:\n  carrier-relay {line}"
