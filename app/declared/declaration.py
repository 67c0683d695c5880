"""Make an adapter of a table in the configuration."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from zoneinfo import available_timezones

from app.adapter import Adapter, Answer, Maturity
from app.declared.keys import JSON, Keys, or_nearest
from app.declared.persons import personal_data
from app.declared.recipe import EventRecipe, ParcelRecipe, Recipe
from app.declared.schemes import scheme_of
from app.dialects import ocoren
from app.errors import ConfigurationError
from app.model import Milestone
from app.payload import Text, form_body, json_body, json_or_form_body, xml_body

__all__ = ["declare"]

CodeOf = Callable[[Text | None], Text | None]

_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_BODIES: Final = {"form": form_body, "json": json_body, "json-or-form": json_or_form_body, "xml": xml_body}
_MEDIA_TYPES: Final = {
    "form": frozenset({"application/x-www-form-urlencoded"}),
    "json": frozenset({"application/json"}),
    "json-or-form": frozenset({"application/json", "application/x-www-form-urlencoded"}),
    "xml": frozenset({"application/xml", "text/xml"}),
}
_METHODS: Final = ("PATCH", "POST", "PUT")
_MILESTONES: Final = {milestone.value: milestone for milestone in Milestone}
_SUBJECT: Final = ("tracking_number", "order_id", "invoice_number", "invoice_key")
_TRIAL: Final = datetime(2026, 11, 23, 14, 22, 5, tzinfo=UTC)


def _as_sent(code: Text | None) -> Text | None:
    return code


_CODE_TABLES: Final[Mapping[str | None, tuple[Mapping[str, Milestone], CodeOf]]] = {
    None: ({}, _as_sent),
    "ocoren": (ocoren.MILESTONES, ocoren.code_of),
}
"""Tables of codes that several carriers speak, and how they are written there."""


def declare(slug: str, table: Mapping[str, JSON]) -> Adapter:
    """Make the adapter of the carrier that ``[declared.<slug>]`` describes.

    Raises:
        ConfigurationError: Something in the table is missing, unknown or wrong; all problems at once, each with the
            path of its key.

    """
    problems: list[str] = []
    keys = Keys(table, f"declared.{slug}", problems)
    if not _SLUG.fullmatch(slug):
        problems.append(f"declared.{slug}: a slug is made of a-z, 0-9 and single hyphens, as in acme-log")
    adapter = _adapter(slug, keys)
    keys.finish()
    if problems:
        raise ConfigurationError(*problems)
    return adapter


def _adapter(slug: str, keys: Keys) -> Adapter:
    body = keys.choice("body", {name: name for name in _BODIES}, "json")
    recipe = _recipe(keys, body)
    media_types = frozenset(keys.texts("media_types"))
    return Adapter(
        slug=slug,
        name=keys.text("name") or slug.replace("-", " ").title(),
        documentation=_documentation(keys),
        maturity=Maturity.UNCONFIRMED,
        verification=scheme_of(keys),
        milestones=recipe.milestones,
        parse=recipe.parse,
        ignored=recipe.ignored,
        methods=_methods(keys),
        media_types=media_types or _MEDIA_TYPES[body],
        identity=recipe.sender_id if recipe.identity else None,
        acknowledgement=_acknowledgement(keys),
        refusal_status=keys.status("refusal_status"),
        zone=recipe.zone,
        order_reference_is_vtex=keys.flag("order_reference_is_vtex"),
        personal=personal_data(keys.table("personal")),
        timeless=not recipe.event.time,
    )


def _documentation(keys: Keys) -> str:
    """Take the address of the page that the declaration was made from; the OpenAPI document links it."""
    address = keys.text("documentation", required=True) or ""
    if address and not address.startswith(("https://", "http://")):
        keys.report("documentation", f"{address!r} is no address, such as https://docs.acme-log.example/webhooks")
    return address


def _recipe(keys: Keys, body: str) -> Recipe:
    known, code_of = keys.choice("code_table", {n: t for n, t in _CODE_TABLES.items() if n}, _CODE_TABLES[None])
    milestones = {**known, **keys.choices("statuses", _MILESTONES)}
    ignored = keys.words("ignored")
    for code in sorted(milestones.keys() & ignored.keys()):
        keys.report("ignored", f"{code!r} has a milestone as well; it can only be one of the two")
    if not known and keys.lacks("statuses"):
        keys.report("statuses", "is missing; say what the carrier's codes mean")
    delivered = [code for code, milestone in milestones.items() if milestone is Milestone.DELIVERED]
    milestones = {f"{code}/return": Milestone.RETURNED for code in delivered} | milestones
    return Recipe(
        body=_BODIES[body],
        document=keys.expression("document"),
        when=keys.expression("when"),
        parcels=keys.expression("parcels"),
        parcel=_parcel(keys.table("parcel", required=True)),
        event=_event(keys.table("events", required=True)),
        code_of=code_of,
        milestones=milestones,
        ignored=ignored,
        zone=_zone(keys),
        identity=keys.expressions("identity"),
    )


def _parcel(keys: Keys) -> ParcelRecipe:
    if keys.is_given and all(keys.lacks(key) for key in _SUBJECT):
        keys.report("tracking_number", f"is missing; a parcel needs one of {', '.join(_SUBJECT)}")
    return ParcelRecipe(
        when=keys.expression("when"),
        tracking_number=keys.expressions("tracking_number"),
        order_id=keys.expressions("order_id"),
        invoice_number=keys.expressions("invoice_number"),
        invoice_series=keys.expressions("invoice_series"),
        invoice_key=keys.expressions("invoice_key"),
        issuer=keys.expressions("issuer"),
    )


def _event(keys: Keys) -> EventRecipe:
    code, time = keys.expressions("code", required=True), keys.expressions("time")
    description = keys.expressions("description")
    city, state, place = keys.expressions("city"), keys.expressions("state"), keys.expressions("place")
    return EventRecipe(
        each=keys.expression("each"),
        code=code,
        time=time,
        time_formats=_time_formats(keys),
        offset=keys.expressions("offset"),
        ignore_offset=keys.flag("ignore_offset"),
        city=city,
        state=state,
        place=place,
        description=description,
        id=keys.expressions("id"),
        words=keys.expressions("words"),
        returned=keys.expression("returned"),
        fingerprint=keys.expressions("fingerprint") or (*code, *time, *description, *city, *state, *place),
        full_history=keys.flag("full_history"),
    )


def _zone(keys: Keys) -> str | None:
    zone = keys.text("zone")
    if zone is not None and zone not in available_timezones():
        keys.report("zone", f"{zone!r} is no IANA time zone, such as America/Sao_Paulo")
        return None
    return zone


def _time_formats(keys: Keys) -> tuple[str, ...]:
    """Read strptime patterns; each must be able to read what it writes, or no time would ever be read."""
    patterns = keys.texts("time_formats")
    for pattern in patterns:
        try:
            read = datetime.strptime(_TRIAL.strftime(pattern), pattern)  # noqa: DTZ007 - only the day matters
        except ValueError:
            keys.report("time_formats", f"{pattern!r} is no pattern of strptime, such as %d/%m/%Y %H:%M")
        else:
            if read.date() != _TRIAL.date():
                keys.report("time_formats", f"{pattern!r} lacks the day, the month or the year")
    return patterns


def _methods(keys: Keys) -> frozenset[str]:
    methods = frozenset(keys.texts("methods"))
    for method in sorted(methods - set(_METHODS)):
        keys.report("methods", f"{method!r} is not possible; {or_nearest(method, _METHODS)}")
    return methods or frozenset({"POST"})


def _acknowledgement(keys: Keys) -> Answer | None:
    table = keys.table("acknowledgement")
    answer = Answer(
        status=table.status("status") or 200,
        body=(table.text("body") or "").encode(),
        content_type=table.text("content_type") or "application/json",
    )
    return answer if table.is_given else None
