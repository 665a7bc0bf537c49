/**
 * Runs a scenario on the public API: each action is begun, and is over when all lines of the golden transcript that follow from it are
 * there.
 *
 * @module
 */
import { answer, decode, InvreqError, Payee, verify } from "../../../src/index.js";
import * as lines from "./lines.js";
import { type Given, filler, type Names, type Scenario } from "./scenario.js";
import { paymentPath, Stage, World } from "./stage.js";
import { Transcript } from "./transcript.js";

const START_MS = 1_700_000_000_000;

/** Runs it, and rejects where it differs from the golden transcript. `see` gets every event and every error. */
export async function runScenario(
  scenario: Scenario,
  names: Names,
  golden: string,
  see: (value: object) => void = () => {},
): Promise<void> {
  const transcript = new Transcript(golden);
  const fill = filler(names);
  const { open: door, ...parts } = fill(names.defaults);
  const world = new World(transcript, { ...parts, ecdh: names.ecdh ?? {} }, scenario.nowMs ?? START_MS);
  const payees = new Map<string, { stage: Stage; payee?: Payee }>();
  const hashes = new Map<string, string>();
  const aborts = new Map<number, AbortController>();
  let kept = new Map<string, Uint8Array>();
  const lookUp = (name: string): string | undefined => {
    const id = world.deliveries.get(name)?.replyPathId;
    return hashes.get(name) ?? (id === undefined ? undefined : lines.hex(id));
  };

  const begin = (number: number, what: string, name: string, given: Given): unknown => {
    const opened = payees.get(name);
    const reply = (line: () => Promise<string>): void => {
      const { stage } = payees.get(name) ?? { stage: new Stage(world, name) };
      const signal = aborts.get(number)?.signal;
      const said = line().catch((error: unknown) => {
        if (!InvreqError.is(error)) throw error;
        see(error);
        return signal?.aborted ? "cancelled" : lines.error(error);
      });
      void said.then((said) => stage.line(`done ${number} ${said}`));
    };
    switch (what) {
      case "open": {
        const stage = new Stage(world, name);
        payees.set(name, { stage });
        return reply(async () => {
          const { network, walletId, seed } = given;
          const { entropy } = stage;
          const host = {
            store: stage,
            source: stage,
            transport: stage,
            signer: stage,
            clock: stage,
            entropy,
          };
          const payee = await Payee.open({
            ...{ ...host, network, walletId, seed: lines.unhex(seed) },
            onEvent(event) {
              see(event);
              if ("record" in event) hashes.set(event.record.label, event.record.paymentHash);
              void stage.line(lines.event(event));
            },
          });
          payees.set(name, { stage, payee });
          return "ok";
        });
      }
      case "crash":
        opened?.stage.vanish();
        return void opened?.payee?.close().catch(() => {});
      case "keepStore":
        return (kept = new Map(world.data));
      case "putBackStore":
        return (world.data = new Map(kept));
      case "clock":
        return world.go(given.addMs);
      case "source":
      case "transport":
      case "signer":
      case "store":
        return Object.assign(world.says[what], given);
      case "arrive":
        return (world.arrived.push(given), world.arrives());
      case "release":
        return world.held.shift()?.(given.say ?? "");
      case "cancel":
        return aborts.get(given.call)?.abort();
      case "decode":
        return reply(async () =>
          lines.decoded(decode(given.text, { network: given.network, now: given.now })),
        );
      case "verify":
        return reply(async () => lines.verified(verify(given.text)));
      case "answer":
        return reply(async () => {
          const paths = given.paths.map(paymentPath);
          return answer({ ...given, paths, secretKey: lines.unhex(given.secretKey) });
        });
      default: {
        const abort = new AbortController();
        aborts.set(number, abort);
        return reply(() => call(opened?.payee as Payee, what, given, abort.signal));
      }
    }
  };

  for (const [place, { do: what, payee = "a", ...action }] of scenario.do.entries()) {
    world.action = place + 1;
    await transcript.write(`> ${place + 1} ${what}`);
    begin(place + 1, what, payee, fill({ ...(what === "open" ? door : {}), ...action }, lookUp));
    await transcript.finish(place + 1);
  }
  for (const { payee } of payees.values()) await payee?.close();
}

/** What a call of the payee replies with. */
async function call(payee: Payee, what: string, given: Given, signal: AbortSignal): Promise<string> {
  const { label, lastPayIndex, timeout, bytes, replyTo, nodeId } = given;
  switch (what) {
    case "sendInvoice":
      return lines.done(await payee.sendInvoice(given, { signal }));
    case "resend":
      return lines.done(await payee.resend(label));
    case "waitInvoice":
      return lines.done(await payee.waitInvoice(label, { signal }));
    case "waitAnyInvoice":
      return lines.done(await payee.waitAnyInvoice(lastPayIndex, { timeout, signal }));
    case "delInvoice":
      return lines.done(await payee.delInvoice(label, given.status));
    case "claimFailed":
      return lines.done(await payee.claimFailed(given.paymentHash));
    case "paymentReceived":
      return lines.done(await payee.paymentReceived(given));
    case "listInvoices":
      return lines.page(await payee.listInvoices(given).page());
    case "preview":
      return lines.preview(await payee.preview(given.invreq, { signal }));
    case "claim":
      return lines.approval(await payee.claim(given));
    case "judge":
      return lines.verdict(await payee.judge(given));
    case "ignoredReplies":
      return String(await payee.ignoredReplies());
    case "replyNodeId":
      return await payee.replyNodeId();
    case "receiveOnionMessage":
      return (await payee.receiveOnionMessage(lines.unhex(bytes), { nodeId }), "ok");
    case "receiveInvoiceError":
      return (
        await payee.receiveInvoiceError({
          replyPathId: lines.unhex(replyTo ?? ""),
          bytes: lines.unhex(bytes),
        }),
        "ok"
      );
    case "resume":
      return (await payee.resume(), "ok");
    case "close":
      return (await payee.close(), "ok");
    default:
      throw new Error(`there is no action ${what}`);
  }
}
