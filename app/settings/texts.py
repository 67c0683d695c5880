"""What shoppers read in the place of a carrier's words: the keys and texts of an account's ``texts``."""

import re
from typing import Annotated

from pydantic import AfterValidator

from app.model import Milestone
from app.settings.names import nearest
from app.settings.values import InWords, shown

__all__ = ["ShownText", "TextKey"]

_MILESTONES = tuple(milestone.value for milestone in Milestone)
_CODE_OF_A_CARRIER = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*/\S(?:.*\S)?")
_LONGEST = 5000


def _key(value: str) -> str:
    if value in _MILESTONES or _CODE_OF_A_CARRIER.fullmatch(value):
        return value
    near = nearest(value.upper(), _MILESTONES)
    hint = f"did you mean {near}?" if near else f"milestones are {', '.join(_MILESTONES)}"
    raise ValueError(f"must be a milestone, or carrier/code such as easypost/in_transit, not {shown(value)}; {hint}")


def _text(value: str) -> str:
    text = " ".join(value.split())
    if 0 < len(text) <= _LONGEST:
        return text
    raise ValueError(f"must be a text of 1 to {_LONGEST} characters, which is what VTEX takes")


TextKey = Annotated[str, AfterValidator(_key), InWords("milestone or carrier/code")]
ShownText = Annotated[str, AfterValidator(_text), InWords("text")]
