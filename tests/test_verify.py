"""Hash tree and proofs of the verifier: the naive definition for every small tree, published vectors, Node."""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from api.audit.verify import (
    EMPTY_ROOT,
    Frontier,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from tests import packs

LARGEST = 70
LEAVES = [packs.leaf(b"record %d" % number) for number in range(LARGEST)]
ROOTS = [packs.root(LEAVES[:size]) for size in range(LARGEST + 1)]
VECTORS = Path(__file__).resolve().parents[2] / "shared" / "conformance" / "merkle" / "testdata"
vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason="the conformance tests of ../shared are not at hand")


def test_leaves_and_nodes_are_hashed_apart() -> None:
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"a") == packs.leaf(b"a")
    assert node_hash(b"l" * 32, b"r" * 32) == packs.sha256(b"\x01" + b"l" * 32 + b"r" * 32)
    assert packs.sha256(b"") == EMPTY_ROOT


@pytest.mark.parametrize("step", [1, 2, 3, 7, 32, 70])
def test_a_frontier_has_the_root_of_the_definition(step: int) -> None:
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT
    for start in range(0, LARGEST, step):
        frontier.extend(LEAVES[start : start + step])
        assert frontier.size == min(start + step, LARGEST)
        assert frontier.root() == ROOTS[frontier.size]


def test_a_frontier_must_have_a_hash_for_each_bit_of_its_size() -> None:
    for size in range(20):
        for count in range(6):
            if count != size.bit_count():
                with pytest.raises(ValueError, match=f"{count} hashes for the {size} records before"):
                    Frontier(size, LEAVES[:count])


def test_every_inclusion_in_every_small_tree() -> None:
    for size in range(1, LARGEST + 1):
        for seq in range(size):
            proof = packs.inclusion(seq, LEAVES[:size])
            assert verify_inclusion(LEAVES[seq], seq, size, proof, ROOTS[size])
            assert not verify_inclusion(LEAVES[(seq + 1) % LARGEST], seq, size, proof, ROOTS[size])
            assert not verify_inclusion(LEAVES[seq], seq, size, [*proof, ROOTS[1]], ROOTS[size])
            assert not (proof and verify_inclusion(LEAVES[seq], seq, size, proof[:-1], ROOTS[size]))
            assert not verify_inclusion(LEAVES[seq], seq, size, proof, ROOTS[size - 1])


def test_no_other_place_has_the_proof_of_one() -> None:
    for size in range(1, 24):
        for seq in range(size):
            proof = packs.inclusion(seq, LEAVES[:size])
            places = [at for at in range(size) if verify_inclusion(LEAVES[seq], at, size, proof, ROOTS[size])]
            assert places == [seq]


def test_every_consistency_between_small_trees() -> None:
    for new in range(1, LARGEST + 1):
        for old in range(1, new + 1):
            proof = packs.consistency(old, LEAVES[:new])
            assert verify_consistency(old, new, proof, ROOTS[old], ROOTS[new])
            assert not verify_consistency(old, new, proof, ROOTS[old - 1], ROOTS[new])
            assert not verify_consistency(old, new, proof, ROOTS[old], ROOTS[new - 1])
            assert not verify_consistency(old, new, [*proof, ROOTS[1]], ROOTS[old], ROOTS[new])
            assert not (proof and verify_consistency(old, new, proof[:-1], ROOTS[old], ROOTS[new]))
            assert not (proof and verify_consistency(old, new, proof[1:], ROOTS[old], ROOTS[new]))


@pytest.mark.parametrize("size", [-(2**70), -1, 0, 1, 2**63, 2**64 - 1, 10**4000])
def test_hostile_sizes_and_proofs_are_false_and_raise_nothing(size: int) -> None:
    for proof in ([], [b""], [b"x" * 31], [b"x" * 64], [ROOTS[1]] * 100):
        for other in (-1, 0, 2, size):
            assert not verify_inclusion(LEAVES[0], other, size, proof, b"")
            assert not verify_inclusion(b"short", other, size, proof, ROOTS[1])
            assert not verify_consistency(size, other, proof, ROOTS[2], ROOTS[3])
            assert not verify_consistency(other, size, proof, b"", ROOTS[1])


def test_every_range_of_every_small_tree() -> None:
    for size in range(25):
        leaves = LEAVES[:size]
        for first in range(size + 1):
            for end in range(first + 1, size + 1):
                outside = packs.outside(first, end, leaves)
                left, right = outside[: first.bit_count()], outside[first.bit_count() :]
                tree = Frontier(first, left)
                assert tree.root() == ROOTS[first]
                tree.extend(leaves[first:end])
                assert tree.root() == ROOTS[end]
                assert tree.root_of(size, right) == ROOTS[size]
                for wrong in ([*right, ROOTS[1]], right[:-1]):
                    if wrong != right:
                        with pytest.raises(ValueError, match="hashes do not make"):
                            tree.root_of(size, wrong)


def test_the_root_of_a_larger_tree_leaves_the_frontier_as_it_is() -> None:
    tree = Frontier()
    tree.extend(LEAVES[:11])
    tree.root_of(24, packs.outside(0, 11, LEAVES[:24]))
    assert (tree.size, tree.root()) == (11, ROOTS[11])
    with pytest.raises(ValueError, match="a tree of 10"):
        tree.root_of(10, [])


@vectors
@pytest.mark.parametrize("path", sorted(VECTORS.rglob("*.json")), ids=lambda path: str(path.relative_to(VECTORS)))
def test_vectors_of_certificate_transparency(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    proof = [base64.b64decode(each) for each in vector["proof"] or []]
    if "leafIdx" in vector:
        leaf, root = base64.b64decode(vector["leafHash"]), base64.b64decode(vector["root"])
        holds = verify_inclusion(leaf, vector["leafIdx"], vector["treeSize"], proof, root)
    else:
        roots = base64.b64decode(vector["root1"] or ""), base64.b64decode(vector["root2"] or "")
        holds = verify_consistency(vector["size1"], vector["size2"], proof, *roots)
    assert holds is not vector["wantErr"]


@vectors
def test_the_vectors_are_all_there() -> None:
    assert len(list(VECTORS.rglob("*.json"))) == 196


@pytest.mark.skipif(shutil.which("node") is None, reason="no node on PATH for the second implementation")
def test_a_second_implementation_agrees_on_random_trees() -> None:
    chance = random.Random(9162)  # noqa: S311 (made-up trees protect nothing)
    cases, expected = [], []
    for _ in range(300):
        size = chance.randint(1, 200)
        bodies = [chance.randbytes(chance.randint(0, 40)) for _ in range(size)]
        leaves = [leaf_hash(body) for body in bodies]
        seq, old = chance.randrange(size), chance.randint(1, size)
        first = chance.randrange(size)
        end = chance.randint(first + 1, size)
        broken = chance.random() < 0.3
        path, grown = packs.inclusion(seq, leaves), packs.consistency(old, leaves)
        around = packs.outside(first, end, leaves)
        for proof in (path, grown):
            if broken and proof:
                proof[chance.randrange(len(proof))] = chance.randbytes(32)
        tree = Frontier()
        tree.extend(leaves[:old])
        old_root = tree.root()
        tree.extend(leaves[old:])
        part = Frontier(first, around[: first.bit_count()])
        part.extend(leaves[first:end])
        expected.append(
            {
                "root": tree.root().hex(),
                "part": part.root_of(size, around[first.bit_count() :]).hex(),
                "inclusion": verify_inclusion(leaves[seq], seq, size, path, tree.root()),
                "consistency": verify_consistency(old, size, grown, old_root, tree.root()),
            }
        )
        cases.append(
            {
                "bodies": [body.hex() for body in bodies],
                "seq": seq,
                "path": [each.hex() for each in path],
                "old": old,
                "old_root": old_root.hex(),
                "grown": [each.hex() for each in grown],
                "first": first,
                "end": end,
                "outside": [each.hex() for each in around],
            }
        )
    script = Path(__file__).with_name("second_verifier.mjs")
    found = subprocess.run(
        ["node", str(script)], input=json.dumps(cases), capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(found.stdout) == expected
    assert {each["inclusion"] for each in expected} == {each["consistency"] for each in expected} == {True, False}
