"""What a start makes is not looked through for garbage, and what comes after it is."""

import gc
import weakref

from app.cli.collecting import keep_what_is_there, only_make


class Ring:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.itself = self


def test_nothing_is_collected_while_a_process_starts_and_what_it_made_then_is_never_looked_at() -> None:
    only_make()
    assert not gc.isenabled()
    early = weakref.ref(Ring())

    keep_what_is_there()
    late = weakref.ref(Ring())
    gc.collect()

    assert gc.isenabled()
    assert gc.get_freeze_count() > 1000
    assert early() is not None
    assert late() is None
