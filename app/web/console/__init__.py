"""The console: pages for operators and support, made of what the operators' interface answers."""

from app.web.console.pages import console_router

__all__ = ["console_router"]
