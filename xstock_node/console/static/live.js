// Word of what changed: parts of the page that say so are fetched anew; a lost line is said, with its hour.
// One page of all that are open listens and tells the others: a browser opens few lines to one place.
const LOCK = "xstock-live";

export function listen(words, say) {
  if (!window.EventSource) return;
  let heard = new Date();
  let lost = false;
  let due = 0;
  const fresh = () => {
    clearTimeout(due);
    due = setTimeout(() => document.body.dispatchEvent(new CustomEvent("changed")), 250);
  };
  const hour = () => heard.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const hear = (word) => {
    if (word === "lost") {
      if (!lost) say(`${words.lost} ${hour()}`);
      lost = true;
      return;
    }
    heard = new Date();
    if (lost) {
      lost = false;
      say("");
      window.dispatchEvent(new CustomEvent("line-back"));
      fresh();
    }
    if (word === "changed") fresh();
  };
  const channel = window.BroadcastChannel && navigator.locks ? new BroadcastChannel(LOCK) : null;
  channel?.addEventListener("message", (event) => hear(event.data));
  const tell = (word) => {
    hear(word);
    channel?.postMessage(word);
  };
  const open = () => {
    const source = new EventSource("/live");
    source.addEventListener("open", () => tell("open"));
    source.addEventListener("changed", () => tell("changed"));
    source.addEventListener("error", () => tell("lost"));
    window.addEventListener("pagehide", () => source.close());
  };
  if (!channel) open();
  else navigator.locks.request(LOCK, () => new Promise(open)); // held until the page goes
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}
