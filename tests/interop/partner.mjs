// A second implementation of xs1, as small as it can be, written from protocol/SPEC.md alone. Node.js, no dependency.
//   node partner.mjs identity NAME SEED                          prints the identity note of NAME
//   node partner.mjs meet NAME SEED BASE_URL IDENTITY_FILE INDEX reads the log of the node there, and gives it its own
import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const sha = (...parts) => createHash("sha256").update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();
const b64 = (bytes) => Buffer.from(bytes).toString("base64");
const want = (fact, words) => { if (!fact) throw new Error(`expected ${words}`); };

// 3.1 to 3.5: keys and signed notes
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI = Buffer.from("302a300506032b6570032100", "hex");
function signer(name, seed, kind) {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, sha(`${kind} ${name} ${seed}`)]), format: "der", type: "pkcs8" });
  const raw = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(12);
  return { name, raw, id: keyId(name, raw), sign: (text) => sign(null, Buffer.from(text), key) };
}
const keyId = (name, raw) => sha(name, "\n\x01", raw).subarray(0, 4);
const holds = (raw, text, signature) =>
  verify(null, Buffer.from(text), createPublicKey({ key: Buffer.concat([SPKI, raw]), format: "der", type: "spki" }), signature);
const note = (text, ...signers) =>
  `${text}\n${signers.map((s) => `— ${s.name} ${b64(Buffer.concat([s.id, s.sign(text)]))}\n`).join("")}`;
function openNote(raw, name, key) {
  const cut = raw.lastIndexOf("\n\n");
  const text = raw.slice(0, cut + 1);
  const mine = raw.slice(cut + 2).trimEnd().split("\n").map((line) => line.split(" "))
    .filter(([dash, who]) => dash === "—" && who === name).map((words) => Buffer.from(words[2], "base64"))
    .filter((blob) => blob.subarray(0, 4).equals(keyId(name, key)));
  want(mine.length && mine.every((blob) => holds(key, text, blob.subarray(4))), `a signature of ${name} that holds`);
  return text.trimEnd().split("\n");
}

// 5: the tree
const leaf = (line) => (line[0] === "#" ? Buffer.from(line.slice(1), "base64") : sha("\x00", line));
const node = (left, right) => sha("\x01", left, right);
const split = (n) => { let k = 1; while (k * 2 < n) k *= 2; return k; };
const root = (leaves) => leaves.length === 0 ? sha("") : leaves.length === 1 ? leaves[0]
  : node(root(leaves.slice(0, split(leaves.length))), root(leaves.slice(split(leaves.length))));
function provenRoot(hash, index, size, path) {
  if (size === 1) return hash;
  const k = split(size), rest = path.slice(0, -1), last = path[path.length - 1];
  return index < k ? node(provenRoot(hash, index, k, rest), last) : node(last, provenRoot(hash, index - k, size - k, rest));
}

// 9: signed requests
async function call(base, me, method, path, body) {
  const created = Math.floor(Date.now() / 1000), target = base + path;
  const digest = body === undefined ? null : `sha-256=:${b64(sha(body))}:`;
  const parts = `("@method" "@target-uri"${digest ? ' "content-digest"' : ""})`;
  const parameters = `${parts};created=${created};keyid="${me.name}#${me.id.toString("hex")}";tag="xs1"`;
  const lines = [`"@method": ${method}`, `"@target-uri": ${target}`, ...(digest ? [`"content-digest": ${digest}`] : []),
    `"@signature-params": ${parameters}`];
  const headers = { "Signature-Input": `xs1=${parameters}`, Signature: `xs1=:${b64(me.sign(lines.join("\n")))}:` };
  if (digest) headers["Content-Digest"] = digest;
  const answer = await fetch(target, { method, headers, body, redirect: "error" });
  const text = await answer.text();
  want(answer.ok, `${method} ${path} to be answered, came ${answer.status} ${text}`);
  return text;
}

// 12: identities; 6: heads
function identityText(name, root, signing) {
  const statement = { expires: Math.floor(Date.now() / 1000) + 86400, keys: [b64(signing.raw)], country: "XX", networks: ["see"] };
  return note(`xs1/identity\n${name}\nversion 1\nroot ${b64(root.raw)}\n${JSON.stringify(statement)}\n`, root, signing);
}
function openIdentity(raw) {
  const lines = raw.split("\n"), rootKey = Buffer.from(lines[3].slice(5), "base64");
  const statement = JSON.parse(openNote(raw, lines[1], rootKey)[4]);
  const keys = statement.keys.map((key) => Buffer.from(key, "base64"));
  keys.forEach((key) => openNote(raw, lines[1], key));
  return { name: lines[1], keys };
}
function openHead(raw, who) {
  const lines = openNote(raw, who.name, who.keys[0]);
  return { log: lines[0], size: Number(lines[1]), root: lines[2] };
}

// 8: frames
function frames(stream) {
  const lines = stream.trimEnd().split("\n"), found = [];
  for (let at = 0; at < lines.length;) {
    const [mark, log, start, count, kind] = lines[at].split(" ");
    want(mark === "@", "a frame");
    found.push({ log, start: Number(start), kind, lines: lines.slice(at + 1, at + 1 + Number(count)) });
    at += 1 + Number(count);
  }
  return found;
}
async function pull(base, me, range) {
  const lines = [];
  while (lines.length < range.count) {
    const step = range.roots ? 256 : 1;
    const rest = { ...range, start: range.start + lines.length * step, count: range.count - lines.length };
    const got = frames(await call(base, me, "POST", "/xs/1/pull", JSON.stringify({ ranges: [rest] }))).flatMap((f) => f.lines);
    want(got.length, "records");
    lines.push(...got);
  }
  return lines;
}

async function meet(name, seed, base, file, index) {
  const me = signer(name, seed, "signing"), peer = openIdentity(readFileSync(file, "utf8"));
  want((await (await fetch(`${base}/xs/1/id/${peer.name}`)).text()).startsWith("xs1/identity\n"), "an identity note");

  // my log: three offers, one head
  const now = Math.floor(Date.now() / 1000), log = `${name}/xs1/see.pub/${now}`;
  const lines = ["шатор", "tent", "çadır"].map((word, i) => JSON.stringify({
    t: "offer", id: "abcdefghijklmno" + "pqr"[i], ts: now, exp: now + 86400, n: b64(sha(String(i)).subarray(0, 12)),
    item: "HSHETENTF16C", scheme: "ifrc", name: word, lang: "sr", cat: "shelter", qty: [5 + i, 0], unit: "H87", ready: 24,
    cc: "RS", asof: now, src: "hand" }));
  const mine = note(`${log}\n3\n${b64(root(lines.map(leaf)))}\ntime ${now}\nmin 0\nbase - 0 -\n`, me);

  // 11: one round; its answer tells the peer's head and wants my records
  const round = JSON.parse(await call(base, me, "POST", "/xs/1/gossip", JSON.stringify({ network: "see", notes: [mine] })));
  const raw = round.notes.find((text) => text.startsWith(`${peer.name}/xs1/see.pub/`));
  const head = openHead(raw, peer);

  // 8.7: segment roots, then records; both must give the head's root
  const whole = Math.floor(head.size / 256), theirs = await pull(base, me, { log: head.log, start: 0, count: head.size });
  const roots = whole ? await pull(base, me, { log: head.log, start: 0, count: whole, roots: true }) : [];
  const leaves = theirs.map(leaf);
  roots.forEach((line, k) => want(b64(root(leaves.slice(256 * k, 256 * k + 256))) === line.slice(1), `the root of segment ${k}`));
  want(b64(root(leaves)) === head.root, "records that give the head's root");

  // 10.9: one inclusion proof
  const [who, , label, epoch] = head.log.split("/");
  const proof = await call(base, me, "GET", `/xs/1/log/${who}/${label}/${epoch}/proof/${index}?size=${head.size}`);
  const path = proof.split("\n").filter(Boolean).map((hash) => Buffer.from(hash, "base64"));
  want(b64(provenRoot(leaves[index], index, head.size, path)) === head.root, "a proof that holds");

  // 10.8: push what was wanted
  const wanted = (round.want ?? []).find((one) => one.log === log);
  want(wanted, "my records to be wanted");
  const rest = lines.slice(wanted.start);
  const body = `${mine}\n@ ${log} ${wanted.start} ${rest.length}\n${rest.join("\n")}\n`;
  const pushed = JSON.parse(await call(base, me, "POST", "/xs/1/push", body));
  console.log(JSON.stringify({ read: head.size, segments: whole, proved: index, pushed: pushed.taken, log }));
}

const [mode, name, seed, ...rest] = process.argv.slice(2);
if (mode === "identity") process.stdout.write(identityText(name, signer(name, seed, "root"), signer(name, seed, "signing")));
else await meet(name, seed, rest[0], rest[1], Number(rest[2]));
