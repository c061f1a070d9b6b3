// Ctrl-K (or /) goes to the field that finds anything; n asks for help; [ and ] are left to the browser.
export function findKeys() {
  const field = document.getElementById("jump");
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (field && ((event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing))) {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key.toLowerCase() === "n" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const ask = document.querySelector('a[accesskey="n"]');
      if (ask) location.assign(ask.href);
    }
  });
}
