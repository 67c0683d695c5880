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

// Parts that change by themselves are fetched anew while somebody looks, until that is stopped or nothing changes.
const live = () => document.querySelectorAll("[data-live]");
let stopped = false;

function renew(part, fresh) {
  const isOpen = [...part.querySelectorAll("details")].map((each) => each.open);
  part.replaceWith(fresh);
  fresh.querySelectorAll("details").forEach((each, index) => (each.open = isOpen[index] ?? each.open));
}

async function look() {
  const answer = await fetch(location.href, { headers: { "X-Relay-Live": "1" }, redirect: "manual" });
  // Whoever was logged out meanwhile is led to the login, and back from there.
  if (answer.type === "opaqueredirect") return location.reload();
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of live()) {
    const fresh = page.getElementById(part.id);
    // What somebody is using stays as it is until they are through.
    if (fresh && fresh.outerHTML !== part.outerHTML && !part.contains(document.activeElement)) renew(part, fresh);
  }
}

async function keepLooking() {
  while (live().length) {
    const seconds = Math.min(...[...live()].map((each) => Number(each.dataset.live)));
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    // What cannot be fetched now can be later.
    if (!stopped && !document.hidden) await look().catch(() => {});
  }
  document.querySelectorAll("[data-live-stop]").forEach((each) => each.remove());
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-live-stop]");
  if (!button) return;
  stopped = !stopped;
  const before = button.textContent;
  button.textContent = button.dataset.liveStop;
  button.dataset.liveStop = before;
});

keepLooking();
