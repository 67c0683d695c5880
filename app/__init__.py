"""carrier-relay: carriers' tracking webhooks in, true VTEX order timelines out."""

__all__ = ["__version__"]

__version__ = "0.1.0"
