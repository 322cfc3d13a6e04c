// A second implementation of RFC 9162, section 2.1, by its recursive definitions, with nothing but Node's crypto.
// Reads a list of cases as JSON from standard input and writes what it finds for each.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const hash = (...parts) => parts.reduce((state, part) => state.update(part), createHash("sha256")).digest();
const leaf = (body) => hash(Buffer.of(0), body);
const node = (left, right) => hash(Buffer.of(1), left, right);
const half = (size) => {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
};

// The root over the subtrees of [low, high) that `known` gives a hash for, split further where it gives none.
function rootOf(low, high, known) {
  const given = known(low, high);
  if (given) return given;
  const middle = low + half(high - low);
  const left = rootOf(low, middle, known);
  return node(left, rootOf(middle, high, known));
}

function included(leafHash, seq, size, path, root) {
  const rest = [...path];
  // From the root down: the last hash of the path is the sibling nearest the root.
  const climb = (at, count) => {
    if (count === 1) return leafHash;
    const sibling = rest.pop();
    if (!sibling) return null;
    const k = half(count);
    const inner = at < k ? climb(at, k) : climb(at - k, count - k);
    return inner && (at < k ? node(inner, sibling) : node(sibling, inner));
  };
  const found = climb(seq, size);
  return Boolean(found) && rest.length === 0 && found.equals(root);
}

function grown(oldSize, newSize, proof, oldRoot, newRoot) {
  const rest = [...proof];
  // Gives the roots of the old and the new tree over the same stretch (SUBPROOF of section 2.1.4.1).
  const climb = (old, count, whole) => {
    if (old === count) {
      if (whole) return [oldRoot, oldRoot];
      const given = rest.pop();
      return given && [given, given];
    }
    const sibling = rest.pop();
    if (!sibling) return null;
    const k = half(count);
    const inner = old <= k ? climb(old, k, whole) : climb(old - k, count - k, false);
    if (!inner) return null;
    return old <= k ? [inner[0], node(inner[1], sibling)] : [node(sibling, inner[0]), node(sibling, inner[1])];
  };
  const found = climb(oldSize, newSize, true);
  return Boolean(found) && rest.length === 0 && found[0].equals(oldRoot) && found[1].equals(newRoot);
}

const bytes = (text) => Buffer.from(text, "hex");
const found = JSON.parse(readFileSync(0, "utf8")).map((each) => {
  const leaves = each.bodies.map(bytes).map(leaf);
  const size = leaves.length;
  const root = rootOf(0, size, (low, high) => high - low === 1 && leaves[low]);
  const outside = each.outside.map(bytes);
  const part = rootOf(0, size, (low, high) => {
    if (high <= each.first || low >= each.end) return outside.shift();
    return high - low === 1 && leaves[low];
  });
  return {
    root: root.toString("hex"),
    part: outside.length === 0 ? part.toString("hex") : "hashes are left over",
    inclusion: included(leaves[each.seq], each.seq, size, each.path.map(bytes), root),
    consistency: grown(each.old, size, each.grown.map(bytes), bytes(each.old_root), root),
  };
});
process.stdout.write(JSON.stringify(found));
