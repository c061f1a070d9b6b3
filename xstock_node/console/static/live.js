// Word of what changed: parts of the page that say so are fetched anew; a lost line is said, with its hour.
export function listen(words, say) {
  if (!window.EventSource) return;
  let heard = new Date();
  let lost = false;
  let due = 0;
  const source = new EventSource("/live");
  const fresh = () => {
    clearTimeout(due);
    due = setTimeout(() => document.body.dispatchEvent(new CustomEvent("changed")), 250);
  };
  source.addEventListener("open", () => {
    heard = new Date();
    if (lost) { lost = false; say(""); fresh(); window.dispatchEvent(new CustomEvent("line-back")); }
  });
  source.addEventListener("changed", () => { heard = new Date(); fresh(); });
  source.addEventListener("error", () => {
    if (lost || document.visibilityState === "hidden") return;
    lost = true;
    say(`${words.lost} ${heard.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit" })}`);
  });
  window.addEventListener("pagehide", () => source.close());
}
