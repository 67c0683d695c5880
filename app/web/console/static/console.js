// What is nicer with a script. Every page works without it.
"use strict";

document.documentElement.classList.add("scripted");

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy).textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without TLS there is no clipboard: select the text, so that one key copies it.
    getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
    return;
  }
  const before = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => (button.textContent = before), 2000);
});

// Ctrl+K or Command+K leads to the search; a single letter would get in the way of people who dictate.
document.addEventListener("keydown", (event) => {
  const field = document.querySelector("[data-shortcut]");
  if (field && (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === field.dataset.shortcut) {
    event.preventDefault();
    field.focus();
    field.select();
  }
});

// A form that was sent is not sent twice.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "1";
  setTimeout(() => delete event.target.dataset.sent, 3000);
});
