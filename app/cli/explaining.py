"""``carrier-relay explain``: why a running relay refused a request."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import typer

from app.cli.operating import reach
from app.payload import json_document

__all__ = ["explain_refusal"]


def explain_refusal(refusal_id: str, url: str | None, token: str | None, *, as_json: bool) -> None:
    """Print what the relay found out about a refusal."""
    text = reach(url, token).text("GET", f"/refusals/{quote(refusal_id, safe='')}/explanation")
    typer.echo(_indented(text) if as_json else "\n".join(_as_text(text)))


def _indented(text: str) -> str:
    return json.dumps(json_document(text).plain(), ensure_ascii=False, indent=2)


def _as_text(text: str) -> Iterator[str]:
    document = json_document(text)
    id_, owner, carrier, cause = (document[name].text() for name in ("id", "owner", "carrier", "cause"))
    yield f"{id_}: {owner}/{carrier}, {cause}"
    findings = list(document["findings"].items())
    for finding in findings:
        yield from (f"  {finding['what'].text()}", f"    {finding['advice'].text()}")
    if not findings:
        yield "  Nothing that was tried explains it: the secret may be another one, or the body was changed freely."
    yield from (f"  Not tried: {limit.text()}" for limit in document["limits"].items())
    yield f"  {document['tried'].text()} variations were verified."
