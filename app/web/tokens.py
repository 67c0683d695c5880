"""The token endpoint, for carriers that fetch a token from the relay before they deliver."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse

from app.errors import Unverified
from app.verification import client_of, issue, issues_tokens
from app.web.dependencies import Dependencies
from app.web.problem_answers import response

__all__ = ["tokens_router"]

tokens_router = APIRouter(tags=["carriers"])


@tokens_router.post(
    "/oauth/{carrier}/{owner}/token",
    summary="A carrier fetches the token that it delivers with",
    response_class=JSONResponse,
    responses={
        200: {
            "description": "The token.",
            "content": {
                "application/json": {
                    "example": {"access_token": "cr1.1790000000.…", "token_type": "Bearer", "expires_in": 14400}
                }
            },
        },
        401: {"description": "The client is not one of this source."},
        404: {"description": "No such source, or its carrier fetches no tokens."},
    },
)
async def fetch_token(
    request: Request, carrier: str, owner: str, authorization: Annotated[str | None, Header()] = None
) -> Response:
    """Answer client credentials, given as HTTP Basic, with a bearer token (RFC 6749, section 4.4)."""
    given: Dependencies = request.app.state.dependencies
    source = given.sources.find(carrier, owner)
    if source is None or not issues_tokens(source.adapter.verification):
        return response("not-found", "No token is issued at this address.")
    try:
        pair = client_of(authorization, source.credentials)
    except Unverified:
        given.metrics.refusal("wrong-credential")
        return JSONResponse(
            {"error": "invalid_client", "error_description": "Send the configured client id and secret as HTTP Basic."},
            status_code=401,
            headers={"WWW-Authenticate": 'Basic realm="carrier-relay"', "Cache-Control": "no-store"},
        )
    token, lasts = issue(pair, given.now())
    return JSONResponse(
        {"access_token": token, "token_type": "Bearer", "expires_in": lasts},
        headers={"Cache-Control": "no-store", "Pragma": "no-cache"},
    )
