"""What a declared carrier's table says of the persons in its documents."""

from app.declared.keys import Keys
from app.personal import Kind, Paths, PersonalData

__all__ = ["personal_data"]


def personal_data(keys: Keys) -> PersonalData | None:
    """Take the table `personal`; None where there is none, so that only what is mapped is shown."""
    receiver, sender, courier = (_paths(keys.table(subject)) for subject in ("receiver", "sender", "courier"))
    plain = keys.words("not_personal")
    for path in sorted({path for paths in (receiver, sender, courier) for found in paths.values() for path in found}):
        if path in plain:
            keys.report("not_personal", f"{path!r} is declared as personal as well; it can only be one of the two")
    return PersonalData(receiver=receiver, sender=sender, courier=courier, plain=plain) if keys.is_given else None


def _paths(keys: Keys) -> Paths:
    found = {kind: keys.texts(kind.name.lower()) for kind in Kind}
    return {kind: paths for kind, paths in found.items() if paths}
