// Checks a proof file in the browser itself, without asking any node (Protocol/proof.md). What is
// here is enough to see that nobody, the node that serves this page included, changed a letter of
// the post: its place in the log's tree, and the signature of the log's key over that tree.

const MAGIC = 'c2sp.org/tlog-proof@v1';
const MOST_BYTES = 524_288;
const MOST_HASHES = 32;

/**
 * {log, index, size, isSigned}. Throws an Error with a short reason where the proof does not hold;
 * `isSigned` is null in a browser that knows no Ed25519.
 */
export async function check(text) {
  // Over plain HTTP from another machine, browsers refuse to compute.
  if (!crypto.subtle) return { isSigned: null };
  if (text.length > MOST_BYTES) throw new Error('too large');
  const gap = text.indexOf('\n\n');
  if (gap < 0) throw new Error('no checkpoint');
  const lines = text.slice(0, gap).split('\n');
  const extra = /^extra (\S+)$/.exec(lines[1])?.[1];
  const index = /^index (0|[1-9]\d{0,9})$/.exec(lines[2])?.[1];
  if (lines[0] !== MAGIC || !extra || !index) throw new Error('no proof file');
  const path = lines.slice(3).map(bytes);
  if (path.length > MOST_HASHES || path.some((one) => one.length !== 32)) throw new Error('path');

  const [header, body] = readPair(bytes(extra));
  const parts = readHeader(header);
  if (parts.index !== Number(index)) throw new Error('index');
  if (body && !same(await sha(body), parts.bodyHash)) throw new Error('body');

  const note = checkpoint(text.slice(gap + 2));
  if (!same(note.key, parts.log)) throw new Error('another log');
  const root = await rootOf(await sha(join([0], header)), Number(index), note.size, path);
  if (!same(root, note.root)) throw new Error('not in this log');
  return {
    log: note.log, index: Number(index), size: note.size, isSigned: await signed(note),
  };
}

async function signed(note) {
  let key;
  try {
    key = await crypto.subtle.importKey('raw', note.key, 'Ed25519', false, ['verify']);
  } catch {
    return null;
  }
  const holds = await crypto.subtle.verify('Ed25519', key, note.signature, note.text);
  if (!holds) throw new Error('signature');
  return true;
}

// MARK: The tree (RFC 9162 §2.1.3.2)

async function rootOf(leaf, index, size, path) {
  if (index >= size) throw new Error('index');
  let [first, second, hash] = [index, size - 1, leaf];
  for (const step of path) {
    if (second === 0) throw new Error('path');
    if (first % 2 === 1 || first === second) {
      hash = await sha(join([1], step, hash));
      while (first % 2 === 0 && first !== 0) {
        first = Math.floor(first / 2);
        second = Math.floor(second / 2);
      }
    } else {
      hash = await sha(join([1], hash, step));
    }
    first = Math.floor(first / 2);
    second = Math.floor(second / 2);
  }
  if (second !== 0) throw new Error('path');
  return hash;
}

// MARK: The signed note (Protocol/checkpoint.md)

function checkpoint(text) {
  const end = text.indexOf('\n\n');
  const [origin, size, root, ...others] = text.slice(0, end).split('\n');
  const log = /^starling\/(did:key:z[1-9A-HJ-NP-Za-km-z]+)$/.exec(origin)?.[1];
  if (end < 0 || !log || others.length || !/^[1-9]\d{0,9}$/.test(size)) throw new Error('checkpoint');
  const line = text.slice(end + 2).split('\n').map((one) => one.split(' '))
    .find((one) => one[0] === '—' && one[1] === origin);
  const signature = line ? bytes(line[2]) : null;
  if (signature?.length !== 4 + 64) throw new Error('signature');
  const multikey = base58(log.slice('did:key:z'.length));
  if (multikey.length !== 34 || multikey[0] !== 0xed || multikey[1] !== 1) throw new Error('key');
  return {
    log, size: Number(size), root: bytes(root), key: multikey.slice(2),
    signature: signature.slice(4), text: new TextEncoder().encode(text.slice(0, end + 1)),
  };
}

// MARK: The little of CBOR that is needed (RFC 8949)

function head(data, at) {
  const first = data[at];
  const [kind, short] = [first >> 5, first & 31];
  if (short < 24) return { kind, value: short, at: at + 1 };
  if (short > 27) throw new Error('cbor');
  const width = 1 << (short - 24);
  let value = 0;
  for (let i = 1; i <= width; i += 1) value = value * 256 + data[at + i];
  if (!Number.isSafeInteger(value)) throw new Error('cbor');
  return { kind, value, at: at + 1 + width };
}

function byteString(data, at) {
  const found = head(data, at);
  const end = found.at + found.value;
  if (found.kind !== 2 || end > data.length) throw new Error('cbor');
  return { value: data.slice(found.at, end), at: end };
}

/** Header and body of the extra line's [header, body or null, binding or null]. */
function readPair(data) {
  if (data[0] !== 0x83) throw new Error('cbor');
  const header = byteString(data, 1);
  const body = data[header.at] === 0xf6 ? null : byteString(data, header.at).value;
  return [header.value, body];
}

/** [version, log key, index, time, body length, body hash] (Protocol/entry.md). */
function readHeader(data) {
  if (data[0] !== 0x86) throw new Error('header');
  const log = byteString(data, head(data, 1).at);
  const index = head(data, log.at);
  const length = head(data, head(data, index.at).at);
  return { log: log.value, index: index.value, bodyHash: byteString(data, length.at).value };
}

// MARK: Bytes

const sha = async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', data));
const join = (...all) => Uint8Array.from(all.flatMap((one) => [...one]));
const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

function bytes(text) {
  try {
    return Uint8Array.from(atob(text ?? ''), (letter) => letter.charCodeAt(0));
  } catch {
    throw new Error('base64');
  }
}

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

function base58(text) {
  if (text.length > 64) throw new Error('key');
  let value = 0n;
  for (const letter of text) value = value * 58n + BigInt(ALPHABET.indexOf(letter));
  const hex = value.toString(16);
  return Uint8Array.from((hex.length % 2 ? `0${hex}` : hex).match(/../g), (pair) => (
    Number.parseInt(pair, 16)));
}
