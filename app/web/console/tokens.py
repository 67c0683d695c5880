"""Who may come in: tokens, made, given another secret and taken back; what opens is shown once and never again."""

from typing import Final

from fastapi import Response

from app.web import schemas
from app.web.console.orders import account_names
from app.web.console.routing import FormOf, Visitor, back_to, console_part, demanded
from app.web.dependencies import Role
from app.web.ops import tokens

__all__ = ["router"]

router: Final = console_part()

_ROLES: Final = tuple(role.name.lower() for role in Role)
_ACCOUNT: Final = "account."


@router.get("/access")
async def index(visit: Visitor, done: str = "") -> Response:
    """List the tokens, and ask for a new one."""
    visit.demand(Role.ADMIN)
    listed = await tokens.index(visit.caller)
    return visit.show(
        "access.html",
        items=listed.items,
        roles=_ROLES,
        accounts=account_names(visit),
        is_limited=visit.caller.accounts is not None,
        prefix=_ACCOUNT,
        done=done == "revoked",
    )


@router.post("/access")
async def make(visit: Visitor, form: FormOf) -> Response:
    """Make a token, and show it this once."""
    visit.demand(Role.ADMIN)
    limits = sorted(name.removeprefix(_ACCOUNT) for name in form.fields if name.startswith(_ACCOUNT))
    days = form.get("expires_in_days")
    asked = schemas.NewToken.model_validate(
        {
            "name": demanded(form, "name"),
            "role": demanded(form, "role"),
            "accounts": limits or None,
            "expires_in_days": days,
            "reason": form.get("reason"),
        }
    )
    return visit.show("access_made.html", made=await tokens.make(visit.caller, asked, Response()), rotated=False)


@router.post("/access/rotate")
async def rotate(visit: Visitor, form: FormOf) -> Response:
    """Give a token another secret, and show that this once."""
    visit.demand(Role.ADMIN)
    asked = schemas.RotatedToken.model_validate(
        {"grace_hours": form.get("grace_hours") or 24, "reason": form.get("reason")}
    )
    made = await tokens.rotate(visit.caller, demanded(form, "name"), asked, Response())
    return visit.show("access_made.html", made=made, rotated=True)


@router.post("/access/revoke")
async def revoke(visit: Visitor, form: FormOf) -> Response:
    """Take a token back for good."""
    visit.demand(Role.ADMIN)
    await tokens.revoke(visit.caller, demanded(form, "name"), schemas.Reason(reason=demanded(form, "reason")))
    return back_to("/console/access", "revoked")
