// The way to a provider of accounts and back: the one step that the page has, taken for who has JavaScript.
const step = document.querySelector("[data-onward]");
if (step instanceof HTMLFormElement) step.requestSubmit();
else if (step) location.replace(step.href);
