// A real Chromium, told what to do by JSON lines on stdin, answering by JSON lines on stdout.
//
// A line is {"id", "do", "tab", ...}; its answer {"id", "value"} or {"id", "error"}. Tabs live each in a context of their
// own, as persons at machines of their own; `beside` opens a second tab in the context of the first.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const settings = JSON.parse(process.argv[2]);
const browser = await chromium.launch({ executablePath: settings.chromium, args: settings.args, headless: true });
const tabs = new Map();

// Finds a control as a person or a screen reader does: by its label, or by its role and its name.
function find(tab, { role, name, label, text, css, exact = false, nth = 0, within }) {
  const base = within ? find(tab, within) : tab.page;
  if (role) return base.getByRole(role, name === undefined ? {} : { name, exact }).nth(nth);
  if (label !== undefined) return base.getByLabel(label, { exact }).nth(nth);
  if (text !== undefined) return base.getByText(text, { exact }).nth(nth);
  return base.locator(css ?? "body").nth(nth);
}

async function addTab(key, context, page) {
  const tab = { context, page, faults: [], requests: [] };
  page.setDefaultTimeout(settings.timeout);
  page.on("pageerror", (error) => tab.faults.push(`error: ${error.message}`));
  page.on("console", (said) => said.type() === "error" && tab.faults.push(`console: ${said.text()}`));
  page.on("request", (asked) => tab.requests.push(asked.url()));
  page.on("dialog", (dialog) => dialog.accept());
  tabs.set(key, tab);
}

const ACTS = {
  async new({ tab, options, blocked }) {
    const context = await browser.newContext(options);
    for (const pattern of blocked) await context.route(pattern, (route) => route.abort());
    await addTab(tab, context, await context.newPage());
  },
  async beside({ tab, first }) {
    const { context } = tabs.get(first);
    await addTab(tab, context, await context.newPage());
  },
  async close({ tab }) {
    const { context, page } = tabs.get(tab);
    tabs.delete(tab);
    await page.close();
    if (!context.pages().length) await context.close();
  },
  open: async ({ page }, { url }) => answered(await page.goto(url)),
  reload: async ({ page }) => answered(await page.reload()),
  back: async ({ page }) => answered(await page.goBack()),
  click: (tab, { where }) => find(tab, where).click(),
  fill: (tab, { where, value }) => find(tab, where).fill(value),
  choose: (tab, { where, value }) => find(tab, where).selectOption(value),
  check: (tab, { where, on }) => find(tab, where).setChecked(on),
  upload: (tab, { where, path }) => find(tab, where).setInputFiles(path),
  focus: (tab, { where }) => find(tab, where).focus(),
  press: ({ page }, { keys }) => page.keyboard.press(keys),
  type: ({ page }, { value }) => page.keyboard.type(value),
  wait: (tab, { where, state, timeout }) => find(tab, where).waitFor({ state, timeout }),
  waitForUrl: ({ page }, { pattern }) => page.waitForURL(new RegExp(pattern)),
  text: (tab, { where }) => find(tab, where).innerText(),
  value: (tab, { where }) => find(tab, where).inputValue(),
  count: ({ page }, { css }) => page.locator(css).count(),
  names: ({ page }, { role }) => page.getByRole(role).allInnerTexts(),
  html: ({ page }) => page.content(),
  url: ({ page }) => page.url(),
  evaluate: ({ page }, { script }) => page.evaluate(script),
  focused: ({ page }) => page.evaluate(focusedElement),
  overflow: ({ page }) => page.evaluate(tooWide),
  faults: (tab) => tab.faults.splice(0),
  requests: (tab) => tab.requests.splice(0),
  addCookie: ({ context }, { name, value, url }) => context.addCookies([{ name, value, url }]),
  cookies: ({ context }) => context.cookies(),
  offline: ({ context }, { on }) => context.setOffline(on),
  size: ({ page }, { width, height }) => page.setViewportSize({ width, height }),
  media: ({ page }, { options }) => page.emulateMedia(options),
  clock: async ({ page }, { time }) => page.clock.install({ time }),
  jump: ({ page }, { time }) => page.clock.setSystemTime(time),
  forward: ({ page }, { milliseconds }) => page.clock.fastForward(milliseconds),
  async screenshot(tab, { path, where, full }) {
    if (where) await find(tab, where).screenshot({ path, animations: "disabled" });
    else await tab.page.screenshot({ path, fullPage: full, animations: "disabled" });
  },
  async authenticator(tab, { options }) {
    const wire = (tab.wire ??= await tab.context.newCDPSession(tab.page));
    await wire.send("WebAuthn.enable");
    return (await wire.send("WebAuthn.addVirtualAuthenticator", { options })).authenticatorId;
  },
  async passkeys(tab, { authenticator }) {
    return (await tab.wire.send("WebAuthn.getCredentials", { authenticatorId: authenticator })).credentials;
  },
  async addPasskey(tab, { authenticator, credential }) {
    await tab.wire.send("WebAuthn.addCredential", { authenticatorId: authenticator, credential });
  },
  // Injected through the debugger's own world, so that a strict policy of the page stands.
  async axe({ page, context }, { tags }) {
    const wire = await context.newCDPSession(page);
    const world = await isolatedWorld(page, wire);
    const run = async (expression) => evaluated(await wire.send("Runtime.evaluate", { expression, contextId: world, awaitPromise: true, returnByValue: true }));
    await run(AXE_SOURCE);
    const found = await run(`axe.run(document, { runOnly: ${JSON.stringify(tags)}, resultTypes: ["violations"] })`);
    await wire.detach();
    return found.violations.map((one) => ({ rule: one.id, impact: one.impact ?? "minor", help: one.help, nodes: one.nodes.map((node) => `${node.target.flat().join(" ")}: ${node.html}`) }));
  },
};

const AXE_SOURCE = (await import("node:fs")).readFileSync(AXE, "utf8");

async function isolatedWorld(page, wire) {
  const { frameTree } = await wire.send("Page.getFrameTree");
  return (await wire.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" })).executionContextId;
}

function evaluated({ result, exceptionDetails }) {
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
}

async function answered(response) {
  return response && { status: response.status(), headers: await response.allHeaders(), url: response.url() };
}

function focusedElement() {
  const found = document.activeElement;
  const label = found.labels?.[0]?.innerText ?? "";
  return { tag: found.localName, name: (found.getAttribute("aria-label") ?? label) || (found.innerText ?? "").trim(), id: found.id };
}

// What makes the page scroll sideways, or shows less of its words than it holds: tag, class and the words.
function tooWide() {
  const room = document.documentElement.clientWidth;
  const scrolled = (one) => {
    for (let up = one; up && up !== document.body; up = up.parentElement) {
      if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(up).overflowX)) return true;
    }
    return false;
  };
  const described = (one) => `${one.localName}.${[...one.classList].join(".")}: ${(one.textContent ?? "").trim().slice(0, 80)}`;
  const found = [...document.body.querySelectorAll("*")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && box.right > room + 1 && getComputedStyle(one).position !== "fixed" && !one.closest(".visually-hidden, svg *") && !scrolled(one);
  });
  return found.map(described);
}

async function answer({ id, do: act, tab, ...more }) {
  try {
    const runs = ACTS[act];
    if (!runs) throw new Error(`expected one of ${Object.keys(ACTS)}, got ${act}`);
    const own = ["new", "beside", "close"].includes(act);
    const value = await (own ? runs({ tab, ...more }) : runs(tabs.get(tab), more));
    return { id, value: value ?? null };
  } catch (error) {
    return { id, error: String(error.message ?? error) };
  }
}

console.log(JSON.stringify({ id: 0, value: browser.version() }));
for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim()) console.log(JSON.stringify(await answer(JSON.parse(line))));
}
await browser.close();
