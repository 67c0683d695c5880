from tests.web.conftest import blank, clock, relay, stage, start, store

__all__ = ["blank", "clock", "relay", "stage", "start", "store"]
