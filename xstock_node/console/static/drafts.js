// What is typed survives a reload, a lost line, a restarted node: kept on this device until the node has said "done".
const PREFIX = "xstock-draft";
const key = (form) => `${PREFIX}:${document.body.dataset.person}:${form.dataset.draft}`;
const SECRET = /password|code|totp/i;

function store(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(value));
  } catch { /* a browser that keeps nothing: the page itself still holds what was typed */ }
}

function stored(name) {
  try { return JSON.parse(localStorage.getItem(name) || "null"); } catch { return null; }
}

function fieldsOf(form) {
  return [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !SECRET.test(name) && !["act", "once", "seen"].includes(name));
}

function fill(form, fields) {
  for (const control of form.elements) {
    if (!control.name || ["hidden", "submit", "file", "password"].includes(control.type)) continue;
    const values = fields.filter(([name]) => name === control.name).map(([, value]) => value);
    if (control.type === "checkbox" || control.type === "radio") control.checked = values.includes(control.value);
    else if (values.length) control.value = values.shift();
  }
}

function restore(form, words) {
  const held = stored(key(form));
  if (!held || document.querySelector(".problem")) return;
  const before = JSON.stringify(fieldsOf(form));
  if (JSON.stringify(held) === before) return;
  if (form.dataset.restored !== undefined) return;
  fill(form, held);
  if (JSON.stringify(fieldsOf(form)) === before) return;
  const note = document.createElement("p");
  note.className = "note";
  note.setAttribute("role", "status");
  note.append(`${words.restored} `);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = words.discard;
  button.addEventListener("click", () => { store(key(form), null); location.assign(location.pathname); });
  note.append(button);
  form.prepend(note);
}

// What was typed while the answer was on its way is no part of that answer: it is put back.
function typedSince(form, sent) {
  const before = JSON.stringify(sent);
  const now = fieldsOf(form);
  if (JSON.stringify(now) === before) return [];
  const said = (fields, name) => JSON.stringify(fields.filter(([one]) => one === name));
  const names = new Set([...now, ...sent].map(([name]) => name));
  return [...names].filter((name) => said(now, name) !== said(sent, name)).map((name) => [name, now.filter(([one]) => one === name).map(([, value]) => value)]);
}

function putBack(main, changed) {
  for (const [name, values] of changed) {
    for (const control of main.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (["hidden", "submit", "file", "password"].includes(control.type)) continue;
      if (control.type === "checkbox" || control.type === "radio") control.checked = values.includes(control.value);
      else if (values.length) control.value = values[0];
    }
  }
}

async function send(form, submitter, words, say) {
  const sent = fieldsOf(form);
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) body.append(name, value);
  if (submitter?.name) { body.set(submitter.name, submitter.value); }
  for (;;) {
    let response;
    try {
      response = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
    } catch {
      say(words.no_line);
      await new Promise((go) => { window.addEventListener("line-back", go, { once: true }); window.addEventListener("online", go, { once: true }); setTimeout(go, 5000); });
      continue;
    }
    if (response.redirected) {
      if (form.dataset.draft) store(key(form), null);
      location.assign(response.url);
      return;
    }
    if (response.status >= 500) { say(words.failed); return; }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const main = page.getElementById("main");
    if (!main) { say(words.failed); return; }
    const since = typedSince(form, sent);
    document.getElementById("main").replaceWith(main);
    putBack(main, since);
    document.body.dataset.done = page.body.dataset.done || "";
    window.htmx?.process(main);
    main.focus({ preventScroll: true });
    (main.querySelector(".problem, .doubt") || main).scrollIntoView({ block: "start" });
    watch(words, say, false);
    return;
  }
}

function watch(words, say, mayRestore) {
  for (const form of document.querySelectorAll("form[data-draft]")) {
    if (mayRestore) restore(form, words);
    form.addEventListener("input", () => store(key(form), fieldsOf(form)));
    form.addEventListener("submit", (event) => {
      if (form.enctype === "multipart/form-data") return;
      event.preventDefault();
      store(key(form), fieldsOf(form));
      const buttons = form.querySelectorAll("button");
      buttons.forEach((button) => { button.disabled = true; });
      send(form, event.submitter, words, say).finally(() => buttons.forEach((button) => { button.disabled = false; }));
    });
  }
}

export function keepDrafts(words, say) {
  watch(words, say, true);
  if (document.body.dataset.done === "sign-out") {
    for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) store(name, null);
  }
}
