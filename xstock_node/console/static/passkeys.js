// Passkeys: the node's question to the browser, and the browser's answer back in a plain form.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function asked(options) {
  const found = { ...options, challenge: bytes(options.challenge) };
  if (options.user) found.user = { ...options.user, id: bytes(options.user.id) };
  for (const name of ["excludeCredentials", "allowCredentials"]) {
    if (options[name]) found[name] = options[name].map((one) => ({ ...one, id: bytes(one.id) }));
  }
  return found;
}

function answered(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
}

async function answer(form) {
  const found = await fetch(form.dataset.question, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (!found.ok) throw new Error(`status ${found.status}`);
  const { token, options } = await found.json();
  const publicKey = asked(JSON.parse(options));
  const ways = navigator.credentials;
  const credential = form.dataset.passkey === "make" ? await ways.create({ publicKey }) : await ways.get({ publicKey });
  form.elements.token.value = token;
  form.elements.answer.value = answered(credential);
}

function ready(form) {
  form.querySelector(".needs-script")?.remove();
  const button = form.querySelector("button");
  const said = form.querySelector(".passkey-said");
  button.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    said.textContent = "";
    try {
      await answer(form);
      form.submit();
    } catch {
      said.textContent = form.dataset.failed;
      button.disabled = false;
    }
  });
}

if (window.PublicKeyCredential) document.querySelectorAll("form[data-passkey]").forEach(ready);
