/**
 * Light, dark, or whatever the system says. It runs before the page is drawn, so that nothing flashes.
 *
 * @module
 */

/** What a person can choose. */
export type Theme = "auto" | "light" | "dark";

const KEY = "invreq-demo-theme";

/** The choice of last time. */
export function theme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : "auto";
  } catch {
    return "auto"; // storage is switched off
  }
}

/** Shows the page like this, and remembers it. */
export function setTheme(choice: Theme): void {
  show(choice);
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // It holds until the page is left.
  }
}

function show(choice: Theme): void {
  document.documentElement.dataset["theme"] = choice;
}

show(theme());
