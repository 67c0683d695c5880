"""Refused requests in JSON, and what explains them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.web.schemas.shown import Body, RefusalId, Shown

__all__ = ["RefusalDetail", "RefusalExplanation", "RefusalFinding", "RefusalItem", "RefusalPage"]


class RefusalItem(Shown):
    """A refused request as a list shows it."""

    id: RefusalId
    at: datetime
    status: int
    cause: str = Field(examples=["wrong-credential"])
    detail: str
    owner: str
    carrier: str
    method: str
    path: str
    peer: str
    size: int


class RefusalPage(Shown):
    """Some refusals, newest first."""

    items: tuple[RefusalItem, ...]
    next: str | None


class RefusalDetail(RefusalItem):
    """A refused request; `body` is its beginning, null for viewers as are `headers`.

    Credentials in them are masked, except signatures over the body, which open no door and explain the refusal.
    """

    headers: tuple[tuple[str, str], ...] | None
    body: Body | None
    body_withheld: Literal["role"] | None


class RefusalFinding(Shown):
    """One thing that explains a refusal, and what to do about it."""

    what: str = Field(examples=["The signature is right with a secret of other/easypost."])
    advice: str


class RefusalExplanation(Shown):
    """Why a request was refused, for operators only; the simplest explanation first."""

    id: RefusalId
    carrier: str
    owner: str
    cause: str = Field(examples=["wrong-credential"])
    findings: tuple[RefusalFinding, ...] = Field(description="Empty where nothing that was tried explains it.")
    tried: int = Field(description="How many variations of the request were verified.")
    limits: tuple[str, ...] = Field(description="What could not be tried, and why.")
