const invreq = require("invreq");
const { readFileSync } = require("node:fs");
const { check } = require("./scenario.cjs");

check(invreq);

async function others() {
    const url = require("invreq/url");
    await url.ready();
    check(url);

    const slim = require("invreq/slim");
    await slim.setModule(readFileSync(require.resolve("invreq/invreq.wasm")));
    check(slim);

    const empty = ["invreq/node", "invreq/testing"].filter(
        (entry) => Object.keys(require(entry)).length === 0,
    );
    if (empty.length > 0) throw new Error(`${empty} is empty`);
    console.log("smoke ok");
}

void others();
