// Small things beside pages that work without them: word of changes, drafts, sending without a line, Ctrl-K.
import { keepDrafts } from "./drafts.js";
import { listen } from "./live.js";
import { findKeys } from "./keys.js";

const words = JSON.parse(document.body.dataset.words || "{}");

export function say(text) {
  const line = document.getElementById("line");
  if (!line) return;
  line.textContent = text;
  line.hidden = !text;
}

keepDrafts(words, say);
findKeys();
if (document.querySelector(".menu")) listen(words, say);
