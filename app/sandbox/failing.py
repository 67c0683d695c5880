"""How the faults at work change the course of one call."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import assert_never

from app.sandbox.answers import Answer, oms_error, problem
from app.sandbox.calls import Call, Operation
from app.sandbox.faults import (
    ActiveFault,
    CircuitBreaker,
    Drop,
    Error,
    Fault,
    FaultHit,
    ForeignRow,
    Latency,
    Malformed,
    Moment,
    ReadDelay,
    Revoked,
    SlowBody,
)
from app.sandbox.orders import Order, Package, SentRow
from app.sandbox.state import Sandbox
from app.sandbox.tracking import with_rows

__all__ = ["Outcome", "answer_with_faults"]

_READS = frozenset({"get-order", "get-order-group"})
_HTML = "text/html; charset=utf-8"
_SERVER_ERROR = 500

Perform = Callable[[Call], Awaitable[Answer]]
_Answering = Drop | Error | Malformed | SlowBody | Revoked | CircuitBreaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a call is answered, and what hit it."""

    answer: Answer
    hits: tuple[FaultHit, ...] = ()


async def answer_with_faults(sandbox: Sandbox, operation: Operation, call: Call, perform: Perform) -> Outcome:
    """Answer a call as ``perform`` does, except for what the faults at work do to it."""
    struck = _strike(sandbox, operation, call)
    faults = [active.fault for active in struck]
    if await _wait(faults, "before"):
        call = replace(call, received_at=sandbox.now())
    delays = [fault.seconds for fault in faults if isinstance(fault, ReadDelay)]
    call = replace(call, read_delay_seconds=max(delays, default=0.0))
    answering = next((fault for fault in faults if isinstance(fault, _Answering)), None)
    _add_foreign_rows(sandbox, call, faults, "before")
    if isinstance(answering, Revoked) and operation.newer:
        answer = problem(401)
    else:
        answer = await _answered(answering, sandbox, call, perform)
    _add_foreign_rows(sandbox, call, faults, "after")
    await _wait(faults, "after")
    _count_failure(sandbox, operation, call, struck, answer)
    return Outcome(answer=answer, hits=tuple(active.hit for active in struck))


def _strike(sandbox: Sandbox, operation: Operation, call: Call) -> list[ActiveFault]:
    """Draw which faults hit the call: of those that answer it only one, an open circuit breaker before all others."""
    struck: list[ActiveFault] = []
    answered = False
    for active in sorted(sandbox.faults, key=lambda each: not isinstance(each.fault, CircuitBreaker)):
        fault = active.fault
        answers = isinstance(fault, _Answering)
        if (answers and answered) or not _applies(fault, sandbox, operation, call):
            continue
        if active.strikes(sandbox.now()):
            struck.append(active)
            answered = answered or answers
    return struck


def _applies(fault: Fault, sandbox: Sandbox, operation: Operation, call: Call) -> bool:
    if not fault.is_meant_for(operation.name, call.account, call.order_id):
        return False
    match fault:
        case ReadDelay():
            return operation.name in _READS
        case ForeignRow():
            return _written_to(sandbox, call) is not None
        case _:
            return True


async def _wait(faults: Iterable[Fault], moment: Moment) -> bool:
    """Wait as long as the latencies of this moment want together; tell whether there was any."""
    waits = [fault.seconds for fault in faults if isinstance(fault, Latency) and fault.moment == moment]
    if waits:
        await asyncio.sleep(sum(waits))
    return bool(waits)


async def _answered(fault: _Answering | None, sandbox: Sandbox, call: Call, perform: Perform) -> Answer:
    match fault:
        case None:
            return await perform(call)
        case Drop():
            if fault.moment == "after":
                await perform(call)
            return Answer(status=None)
        case Error():
            if fault.moment == "after":
                await perform(call)
            return _error(fault, sandbox)
        case Malformed():
            return _cut(await perform(call))
        case SlowBody():
            return replace(await perform(call), body_seconds=fault.seconds)
        case Revoked():
            return oms_error(401, "1", "Unauthorized access")
        case CircuitBreaker():
            return Answer(status=503)
        case _ as unreachable:
            assert_never(unreachable)


def _error(fault: Error, sandbox: Sandbox) -> Answer:
    answer = Answer(status=fault.status)
    phrase = _phrase(fault.status)
    match fault.body:
        case "json":
            answer = oms_error(fault.status, "1", phrase)
        case "html":
            title = f"{fault.status} {phrase}"
            page = f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n</body>\n</html>\n"
            answer = replace(answer, content=page.encode(), media_type=_HTML)
        case "malformed":
            answer = _cut(oms_error(fault.status, "1", phrase))
        case "empty":
            pass
    if fault.retry_after_seconds is None:
        return answer
    wait = str(fault.retry_after_seconds)
    if fault.retry_after_form == "date":
        wait = format_datetime(sandbox.now() + timedelta(seconds=fault.retry_after_seconds), usegmt=True)
    return replace(answer, headers={"Retry-After": wait})


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _cut(answer: Answer) -> Answer:
    """Keep the first half of the JSON, never all of it and never none."""
    whole = json.dumps(answer.body).encode()
    return replace(answer, content=whole[: max(1, len(whole) // 2)])


def _add_foreign_rows(sandbox: Sandbox, call: Call, faults: Iterable[Fault], moment: Moment) -> None:
    for fault in faults:
        target = _written_to(sandbox, call)
        if target is None or not isinstance(fault, ForeignRow) or fault.moment != moment:
            continue
        order, package = target
        now = sandbox.now()
        row = SentRow(city=None, state=None, description=fault.description, date=now)
        sandbox.save(replace(order.with_package(with_rows(package, [row], now)), last_change=now))


def _written_to(sandbox: Sandbox, call: Call) -> tuple[Order, Package] | None:
    """Find the package that another writer writes to: the one of the call, else the order's first."""
    order = sandbox.find(call.account, call.order_id) if call.order_id else None
    if order is None:
        return None
    first = next(iter(order.output_packages), None)
    package = order.package(call.invoice_number) if call.invoice_number else first
    return (order, package) if package else None


def _count_failure(
    sandbox: Sandbox, operation: Operation, call: Call, struck: list[ActiveFault], answer: Answer
) -> None:
    """Let circuit breakers see how the call went, except one that answered it; a dropped call tells them nothing."""
    if answer.status is None:
        return
    for active in sandbox.faults:
        fault = active.fault
        if not isinstance(fault, CircuitBreaker) or active in struck:
            continue
        if not fault.is_meant_for(operation.name, call.account, call.order_id):
            continue
        active.failures = active.failures + 1 if answer.status >= _SERVER_ERROR else 0
        if active.failures >= fault.threshold:
            active.failures = 0
            active.open_until = sandbox.now() + timedelta(seconds=fault.seconds)
