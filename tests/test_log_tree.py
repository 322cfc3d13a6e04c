"""The log's own tree and its proofs: the naive definition, tiles in a database, checkpoints that continue each other.

Proofs are made by `api.audit.tree` and checked by `api.audit.verify`, which share nothing but the hash of a node; the
definition is `tests.packs`', RFC 9162's recursion word for word. Also here: canonical JSON against RFC 8785's own data.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from api.audit.appending import Item, append
from api.audit.canonical import canonical
from api.audit.nodes import Nodes
from api.audit.packing import pack_alone
from api.audit.records import Record
from api.audit.store import Store, read_state
from api.audit.tree import TILE, Frontier, Node, consistency, inclusion, outside, perfect_root, root
from api.audit.verify import Frontier as Verifying
from api.audit.verify import parse_note, verify_consistency, verify_inclusion
from tests import packs
from tests.faults import report, scaled
from tests.recorded_logs import NOON, record_all, running_with

LARGEST = 70
LEAVES = [packs.leaf(b"record %d" % number) for number in range(LARGEST)]
ROOTS = [packs.root(LEAVES[:size]) for size in range(LARGEST + 1)]
JCS = Path(__file__).resolve().parents[2] / "shared" / "conformance" / "jcs" / "testdata"
jcs = pytest.mark.skipif(not JCS.is_dir(), reason="the conformance tests of ../shared are not at hand")
PACKED = pack_alone(b"{}")
"""A stand-in for the bodies of entries that nobody reads: the tree is made of their leaves."""
OUTSIDE_THE_PROFILE = {"values", "structures"}
"""They hold numbers with a point or an exponent, which a record has as text."""


def node_of(leaves: Sequence[bytes]) -> Node:
    """The nodes of a tree in memory; only those of perfect subtrees exist."""

    def node(level: int, index: int) -> bytes:
        hashes = leaves[index << level : index + 1 << level]
        assert len(hashes) == 1 << level, "a node beyond the tree was asked for"
        return perfect_root(hashes)

    return node


# The definition


def test_roots_and_right_edges_are_those_of_the_definition() -> None:
    edge = Frontier()
    for size in range(LARGEST + 1):
        assert edge.root() == root(size, node_of(LEAVES[:size])) == ROOTS[size]
        assert Frontier.of_nodes(size, node_of(LEAVES[:size])) == edge
        assert Frontier.of_bytes(size, edge.to_bytes()) == edge
        assert Frontier().extend(LEAVES[:size]) == edge
        edge = edge.extend(LEAVES[size : size + 1])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 70])
def test_a_right_edge_of_another_length_is_refused(size: int) -> None:
    for count in range(9):
        if count != size.bit_count():
            with pytest.raises(ValueError, match=f"the right edge of {size} entries has"):
                Frontier.of_bytes(size, bytes(32 * count))
    with pytest.raises(ValueError, match="the right edge"):
        Frontier.of_bytes(size, bytes(32 * size.bit_count() + 1))


def test_every_inclusion_in_every_small_tree_is_that_of_the_definition() -> None:
    for size in range(1, LARGEST + 1):
        for seq in range(size):
            # A log that has grown further proves the same of its beginning.
            proof = inclusion(seq, size, node_of(LEAVES))
            assert proof == packs.inclusion(seq, LEAVES[:size])
            assert verify_inclusion(LEAVES[seq], seq, size, proof, ROOTS[size])


def test_every_consistency_between_small_trees_is_that_of_the_definition() -> None:
    for new in range(LARGEST + 1):
        assert consistency(0, new, node_of(LEAVES)) == []
        for old in range(1, new + 1):
            proof = consistency(old, new, node_of(LEAVES))
            assert proof == packs.consistency(old, LEAVES[:new])
            assert verify_consistency(old, new, proof, ROOTS[old], ROOTS[new])


def test_every_surrounding_of_every_range_of_small_trees_is_that_of_the_definition() -> None:
    for size in range(21):
        for first in range(size + 1):
            for end in range(first + 1, size + 1):
                around = outside(first, end, size, node_of(LEAVES[:size]))
                assert around == packs.outside(first, end, LEAVES[:size])
                tree = Verifying(first, around[: first.bit_count()])
                tree.extend(LEAVES[first:end])
                assert tree.root_of(size, around[first.bit_count() :]) == ROOTS[size]


# Tiles in a database


def grown(store: Store, until: int, most: int = 257) -> Store:
    """Append tiny records up to that many entries, in batches whose ends lie before, at and after those of tiles."""
    for number in itertools.count():
        with store.write() as connection:
            state = read_state(connection, lock=True)
            end = min(until, state.size + most - number % 3)
            bodies = [b"%d" % seq for seq in range(state.size, end)]
            records = [Record("note", f"n_{body.decode()}", NOON, body, packs.leaf(body)) for body in bodies]
            append(store, connection, state, [Item(record, None, PACKED) for record in records])
        if end == until:
            break
    return store


def leaves_of(store: Store) -> list[bytes]:
    return [kept.leaf for kept in store.entries(0, store.state().size)]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A log of 1,500 entries: five whole tiles, and part of a sixth."""
    store = grown(Store(tmp_path_factory.mktemp("stored") / "writ.db", 5), 1500)
    yield store
    store.close()


AROUND = sorted({size for tile in range(TILE, 1500, TILE) for size in (tile - 1, tile, tile + 1)} | {1, 2, 1499, 1500})


def test_the_tiles_of_a_log_give_the_roots_of_the_definition(stored: Store) -> None:
    leaves = leaves_of(stored)
    assert stored.state().frontier.root() == packs.root(leaves)
    for size in AROUND:
        assert root(size, Nodes(stored)) == packs.root(leaves[:size])


def test_proofs_from_tiles_hold_around_their_edges(stored: Store) -> None:
    leaves, nodes = leaves_of(stored), Nodes(stored)
    roots = {size: packs.root(leaves[:size]) for size in AROUND}
    for new in AROUND:
        for old in (size for size in AROUND if size <= new):
            proof = consistency(old, new, nodes)
            assert proof == packs.consistency(old, leaves[:new])
            assert verify_consistency(old, new, proof, roots[old], roots[new])
        for seq in {0, *(size - 1 for size in AROUND if size <= new)}:
            assert verify_inclusion(leaves[seq], seq, new, inclusion(seq, new, nodes), roots[new])
    for first, end in itertools.combinations(AROUND, 2):
        assert outside(first, end, 1500, nodes) == packs.outside(first, end, leaves)


def test_what_a_tree_does_not_have_is_no_node(stored: Store) -> None:
    nodes = Nodes(stored)
    for level, index in ((0, 1500), (2, 375), (8, 5), (8, 6), (9, 2), (11, 0), (16, 0), (40, 0)):
        with pytest.raises(LookupError, match=f"no node {index} of level {level}"):
            nodes(level, index)


def test_a_log_with_tiles_of_tiles_proves_what_the_verifier_computes(tmp_path: Path) -> None:
    """Beyond 65,536 entries there is a tile of the second level; the verifier's own tree knows the roots."""
    size = scaled(66_000, 400_000)
    store = grown(Store(tmp_path / "writ.db", 5), size, most=4097)
    filled = [packs.leaf(b"%d" % number) for number in range(size)]
    nodes, tree, roots = Nodes(store), Verifying(), {0: packs.sha256(b"")}
    edges = sorted({*range(TILE, size, size // 40 // TILE * TILE), 65_535, 65_536, 65_537, 65_792, size - 1, size})
    for edge in edges:
        tree.extend(filled[tree.size : edge])
        roots[edge] = tree.root()
        assert root(edge, nodes) == roots[edge]
    chance = random.Random(65_536)  # noqa: S311 (a sample protects nothing)
    for old, new in chance.sample(list(itertools.combinations(edges, 2)), 200):
        assert verify_consistency(old, new, consistency(old, new, nodes), roots[old], roots[new])
        for seq in (0, old - 1, old, new - 1, chance.randrange(new)):
            assert verify_inclusion(filled[seq], seq, new, inclusion(seq, new, nodes), roots[new])
        around = outside(old, new, size, nodes)
        part = Verifying(old, around[: old.bit_count()])
        part.extend(filled[old:new] if new - old < 20_000 else ())
        assert part.size == old or part.root_of(size, around[old.bit_count() :]) == roots[size]
    store.close()
    report("tiles of tiles", entries=size, sizes=len(edges))


# Checkpoints that continue each other


def test_every_checkpoint_is_continued_by_every_later_one(tmp_path: Path) -> None:
    """Notes signed while real decisions were recorded, one for each commit or two."""
    chance = random.Random(5)  # noqa: S311 (sizes protect nothing)
    many = scaled(60, 200)
    with running_with(tmp_path) as running:
        audit = running.audit
        for _ in range(many):
            facts = {"amount": str(chance.randrange(2000)), "days_overdue": 1}
            record_all(running, "small-order", [facts] * chance.randint(1, 25))
            audit.publisher.publish()
        notes = [parse_note(note) for note in audit.store.notes()]
        assert [note.size for note in notes] == sorted({note.size for note in notes})
        assert len(notes) == many
        pairs = list(itertools.combinations(notes, 2))
        for old, new in pairs:
            proof = consistency(old.size, new.size, audit.nodes)
            assert verify_consistency(old.size, new.size, proof, old.root, new.root)
            assert not verify_consistency(old.size, new.size, proof, new.root, old.root)
        leaves = leaves_of(audit.store)
        assert all(note.root == root(note.size, audit.nodes) for note in notes)
        assert notes[-1].root == packs.root(leaves[: notes[-1].size])
    report("checkpoints", signed=many, pairs=len(pairs))


# Canonical JSON


@jcs
@pytest.mark.parametrize("path", sorted((JCS / "input").glob("*.json")), ids=lambda path: str(path.stem))
def test_canonical_json_is_that_of_rfc_8785(path: Path) -> None:
    value = json.loads(path.read_bytes())
    if path.stem in OUTSIDE_THE_PROFILE:
        with pytest.raises(TypeError, match="no place in a record for float"):
            canonical(value)
        value = without_floats(value)
        assert canonical(value) == rendered(without_floats(json.loads((JCS / "output" / path.name).read_bytes())))
    else:
        assert canonical(value) == (JCS / "output" / path.name).read_bytes()
        assert canonical(value) == bytes.fromhex((JCS / "outhex" / f"{path.stem}.txt").read_text())


@jcs
def test_the_published_files_are_all_there() -> None:
    assert len(list((JCS / "input").glob("*.json"))) == 6


def without_floats(value: object) -> object:
    """A value of the data with whole numbers for what the profile does not have."""
    match value:
        case float():
            return int(value) if value == int(value) and value < 2**53 else 0
        case dict():
            return {key: without_floats(item) for key, item in value.items()}
        case list():
            return [without_floats(item) for item in value]
        case _:
            return value


def rendered(value: object) -> bytes:
    """JSON in the order its members were read in: that of the published output."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
