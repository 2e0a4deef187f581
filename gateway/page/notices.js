/** Notices: for screen readers, and for all readers for some seconds. */

const SHOWN_MS = 8000;
const element = document.getElementById("news");
let hideTimer = 0;

/** Announces to screen readers what the page shows elsewhere. */
export function announce(message, shown = false) {
  element.textContent = message;
  element.className = shown ? "toast" : "unseen";
}

/** Shows a notice for some seconds, and announces it. */
export function showNotice(message) {
  announce(message, true);
  clearTimeout(hideTimer);
  hideTimer = setTimeout(() => (element.className = "unseen"), SHOWN_MS);
}
