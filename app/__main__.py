"""``python -m app`` is ``carrier-relay``."""

from app.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
