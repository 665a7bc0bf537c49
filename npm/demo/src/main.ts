/**
 * The demo page.
 *
 * @module
 */
import { App } from "./app.js";
import { openWallet } from "./wallet.js";

const root = document.getElementById("app");
if (root) {
  const app = new App(root);
  listenForDrops(app);
  void app.open(openWallet);
}

/** A picture or a text can be dropped anywhere on the page. */
function listenForDrops(app: App): void {
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    const text = event.dataTransfer?.getData("text/plain");
    if (file) void app.readFile(file);
    else if (text) app.readText(text);
  });
}
