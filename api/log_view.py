"""The audit log over HTTP: its checkpoint and key, its entries and their proofs, and the search through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse

from api.access.gate import Caller, needs
from api.audit import search
from api.audit.certificate.page import certificate
from api.audit.certified import certified
from api.audit.database import AuditUnavailableError
from api.audit.nodes import Nodes
from api.audit.store import Kept
from api.audit.tree import consistency, inclusion, root
from api.audit.verify import leaf_hash, parse_note, verify_consistency, verify_inclusion
from api.decisions import find_decision, own_or_all, unavailable
from api.log_queries import LONGEST_NUMBER, Asked, described, parameters
from api.problem_answers import OF_ACCESS, problems
from api.problems import Problem
from api.running import Running
from api.wire import ConsistencyProof, EntryCounts, EntryPage, InclusionProof

router = APIRouter(tags=["audit log"])

AUDITORS = [Depends(needs("audit"))]
_ANSWERS = ("query_invalid", *OF_ACCESS)


@router.get(
    "/v1/log/checkpoint",
    dependencies=AUDITORS,
    summary="The log's signed size and root",
    responses=problems(*OF_ACCESS),
)
def get_checkpoint(request: Request) -> PlainTextResponse:
    """The checkpoint of the log as it stands now, a C2SP signed note.

    Keep it, elsewhere: nothing before it can change any more without being found.
    """
    running: Running = request.app.state.running
    try:
        return PlainTextResponse(running.audit.publisher.publish())
    except AuditUnavailableError as error:
        raise unavailable() from error


@router.get(
    "/v1/log/key",
    dependencies=AUDITORS,
    summary="The keys that checkpoints are signed with",
    responses=problems(*OF_ACCESS),
)
def get_key(request: Request) -> PlainTextResponse:
    """The verifier keys, the newest first, one a line. They are no secret."""
    running: Running = request.app.state.running
    try:
        return PlainTextResponse("".join(f"{key}\n" for key in running.audit.verifier_keys()))
    except AuditUnavailableError as error:
        raise unavailable() from error


@router.get(
    "/v1/log/entries",
    dependencies=AUDITORS,
    summary="Search the log",
    response_model=EntryPage,
    responses=problems(*_ANSWERS),
    openapi_extra=parameters("before", "limit"),
)
def get_entries(request: Request) -> Response:
    """The entries looked for, the newest first. `next` leads to the page below, which later entries do not change."""
    running: Running = request.app.state.running
    asked = Asked.of(request, "before", "limit")
    limit = asked.number("limit", search.PAGE, 1, search.LARGEST_PAGE)
    before = asked.number("before", None, 0)
    query = asked.query()
    try:
        found = search.page(running.audit.store, query, before, limit)
    except AuditUnavailableError as error:
        raise unavailable() from error
    following = None
    if len(found) == limit and found[-1].seq > 0:
        following = "/v1/log/entries?" + urlencode({**asked.given, "before": found[-1].seq})
    return _json({"entries": [one.to_json() for one in found], "next": following})


@router.get(
    "/v1/log/counts",
    dependencies=AUDITORS,
    summary="Count entries",
    response_model=EntryCounts,
    responses=problems(*_ANSWERS),
    openapi_extra=parameters("by"),
)
def get_counts(request: Request) -> Response:
    """How many of the entries looked for there are, for each value of what `by` names."""
    running: Running = request.app.state.running
    asked = Asked.of(request, "by")
    by = asked.choice("by", search.GROUPS, "outcome")
    query = asked.query()
    try:
        counted = search.counts(running.audit.store, query, by, search.LARGEST_PAGE + 1)
    except AuditUnavailableError as error:
        raise unavailable() from error
    shown = [{"value": value, "entries": count} for value, count in counted[: search.LARGEST_PAGE]]
    return _json({"by": by, "counts": shown, "more": len(counted) > len(shown)})


@router.get(
    "/v1/log/entries/{seq}",
    dependencies=AUDITORS,
    summary="One entry's exact bytes",
    responses=problems(*OF_ACCESS, "entry_unknown"),
)
def get_entry(seq: str, request: Request) -> Response:
    """The record whose SHA-256, after a zero byte, is the entry's leaf hash."""
    running: Running = request.app.state.running
    try:
        kept = _entry(running, seq)
    except AuditUnavailableError as error:
        raise unavailable() from error
    return Response(kept.body, media_type="application/json", headers={"X-Log-Leaf": kept.leaf.hex()})


@router.get(
    "/v1/log/proofs/inclusion",
    dependencies=AUDITORS,
    summary="Proof that an entry is in the log",
    response_model=InclusionProof,
    responses=problems("entry_unknown", *_ANSWERS),
    openapi_extra=described("seq", "size"),
)
def get_inclusion(request: Request) -> Response:
    """The audit path from entry `seq` to the root of the log of `size` entries (RFC 9162, section 2.1.3).

    Without `size` to that of the newest checkpoint, which comes along.
    """
    running: Running = request.app.state.running
    asked = Asked.of(request, only=("seq", "size"))
    try:
        note = running.audit.publisher.publish()
        whole = running.audit.store.state().size
        size = asked.number("size", _size(note), 1, whole)
        seq = asked.number("seq", None, 0, size - 1, required=True)
        kept = _entry(running, str(seq))
        proof = _inclusion(running, kept, size, note)
    except AuditUnavailableError as error:
        raise unavailable() from error
    return _json(
        {
            "seq": seq,
            "leaf": kept.leaf.hex(),
            "size": size,
            "proof": _hex(proof),
            "checkpoint": note if size == _size(note) else None,
        }
    )


@router.get(
    "/v1/log/proofs/consistency",
    dependencies=AUDITORS,
    summary="Proof that the log only grew",
    response_model=ConsistencyProof,
    responses=problems(*_ANSWERS),
    openapi_extra=described("from", "to"),
)
def get_consistency(request: Request) -> Response:
    """Proof that the log of `from` entries is the beginning of that of `to` (RFC 9162, section 2.1.4).

    Without `to`, of that of the newest checkpoint, which comes along.
    """
    running: Running = request.app.state.running
    asked = Asked.of(request, only=("from", "to"))
    try:
        note = running.audit.publisher.publish()
        whole = running.audit.store.state().size
        new = asked.number("to", _size(note), 1, whole)
        old = asked.number("from", None, 0, new, required=True)
        proof = _consistency(running, old, new, note)
    except AuditUnavailableError as error:
        raise unavailable() from error
    return _json({"from": old, "to": new, "proof": _hex(proof), "checkpoint": note if new == _size(note) else None})


@router.get(
    "/v1/decisions/{decision_id}/certificate",
    summary="A decision as a page to print",
    response_class=HTMLResponse,
    responses=problems("decision_unknown", *_ANSWERS),
    openapi_extra=described("lang"),
)
def get_certificate(
    decision_id: str, request: Request, caller: Annotated[Caller, Depends(needs("decide", "approve", "audit"))]
) -> HTMLResponse:
    """Facts, rules, reasons, the policy's text, approvals and proof of one decision, in one of three languages."""
    running: Running = request.app.state.running
    asked = Asked.of(request, only=("lang",))
    language = asked.choice("lang", ("en", "zh-Hans", "zh-Hant"), "en")
    try:
        kept = find_decision(running, decision_id)
        shown = certified(running.audit, running.register.current(), kept)
        own_or_all(caller, shown.record)
        return HTMLResponse(certificate(shown, language))
    except AuditUnavailableError as error:
        raise unavailable() from error


def _inclusion(running: Running, kept: Kept, size: int, note: str) -> list[bytes]:
    """The proof, and only one that proves. Raises AuditUnavailableError."""
    nodes = running.audit.nodes
    proof = inclusion(kept.seq, size, nodes)
    if not verify_inclusion(kept.leaf, kept.seq, size, proof, _root(size, nodes, note)):
        raise AuditUnavailableError(f"the tree does not prove entry {kept.seq}: the log is damaged")
    return proof


def _consistency(running: Running, old: int, new: int, note: str) -> list[bytes]:
    """The proof, and only one that proves. Raises AuditUnavailableError."""
    nodes = running.audit.nodes
    proof = consistency(old, new, nodes)
    if old and not verify_consistency(old, new, proof, _root(old, nodes, note), _root(new, nodes, note)):
        raise AuditUnavailableError(f"the tree does not lead from {old} to {new} entries: the log is damaged")
    return proof


def _root(size: int, nodes: Nodes, note: str) -> bytes:
    """The root of so many entries, once the tree leads from or to it and what was signed."""
    signed, found = parse_note(note), root(size, nodes)
    (old, before), (new, after) = sorted([(size, found), (signed.size, signed.root)])
    if not verify_consistency(old, new, consistency(old, new, nodes), before, after):
        raise AuditUnavailableError(f"the tree does not lead from {old} to {new} entries: the log is damaged")
    return found


def _entry(running: Running, seq: str) -> Kept:
    known = seq.isascii() and seq.isdecimal() and len(seq) <= LONGEST_NUMBER
    kept = running.audit.store.entry(int(seq)) if known else None
    if kept is not None and leaf_hash(kept.body) != kept.leaf:
        raise AuditUnavailableError(f"entry {kept.seq} does not have the bytes its leaf hash was made of")
    if kept is None:
        raise Problem("entry_unknown", f"there is no entry {seq[:40]}")
    return kept


def _size(note: str) -> int:
    return int(note.split("\n")[1])


def _hex(hashes: Sequence[bytes]) -> list[str]:
    return [hash_.hex() for hash_ in hashes]


def _json(answer: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(answer), media_type="application/json")
