const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });

globalThis.smoke = new Promise((resolve) => {
  worker.onmessage = (event) => resolve(event.data);
  worker.onerror = (event) => resolve(`the worker failed: ${event.message}`);
});
