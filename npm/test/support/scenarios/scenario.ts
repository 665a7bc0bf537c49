/**
 * What stands in a scenario, as tests/scenarios/scenario.schema.json has it, with the types of the API.
 *
 * @module
 */
import type { InvoiceRecord, Network, PaymentPath, Route, SendOutcome } from "../../../src/index.js";

/** A scenario. */
export interface Scenario {
  readonly nowMs?: number;
  readonly do: readonly Action[];
}

/** An action: what to do, and the parameters of all kinds. */
export interface Action extends Given {
  readonly do: string;
  readonly payee?: string;
}

/** The parameters of an action; each has some of them. Bytes are hex. */
export interface Given extends SourceWords, TransportWords, SignerWords, StoreWords {
  readonly network: Network;
  readonly walletId: string;
  readonly seed: string;
  readonly invreq: string;
  readonly label: string;
  readonly status: InvoiceRecord["status"];
  readonly lastPayIndex: number;
  readonly timeout: number;
  readonly paymentHash: string;
  readonly totalMsat: number;
  readonly firstHtlcAt: number;
  readonly amountMsat: number;
  readonly paidAt: number;
  readonly bytes: string;
  readonly nodeId?: string;
  readonly replyTo?: string;
  readonly text: string;
  readonly now?: number;
  readonly createdAt: number;
  readonly secretKey: string;
  readonly call: number;
  readonly addMs: number;
  readonly say?: string;
}

/** A payment path whose bytes are hex. */
export interface PathWords {
  readonly path: Omit<PaymentPath["path"], "hops"> & {
    readonly hops: readonly { readonly blindedNodeId: string; readonly encryptedRecipientData: string }[];
  };
  readonly payinfo: PaymentPath["payinfo"];
}

export interface SourceWords {
  readonly paths: readonly PathWords[];
  readonly paymentHash?: string;
  readonly preimage?: string;
  readonly mpp?: boolean;
  readonly pathsExpireAt?: number;
  readonly fails?: string;
  readonly hold?: boolean;
  readonly canReceive?: boolean | null;
}

/** A route, none, or why it cannot be told. */
export type RouteWords = Route | string | null;

export interface TransportWords {
  readonly send: SendOutcome | "hold";
  readonly sends?: (SendOutcome | "hold")[];
  readonly route: RouteWords;
  readonly routes: { readonly [nodeId: string]: RouteWords };
  readonly scids: { readonly [end: string]: string };
}

export interface SignerWords {
  readonly signs?: string | null;
}

export interface StoreWords {
  readonly writes?: string[];
  readonly reads?: string[];
}

/** What the parts of the host say. */
export interface Says {
  source: SourceWords;
  transport: TransportWords;
  signer: SignerWords;
  store: StoreWords;
  ecdh: { readonly [question: string]: string };
}

/** The names that actions use. */
export interface Names {
  readonly defaults: Omit<Says, "ecdh"> & { readonly open: object };
  readonly ecdh?: Says["ecdh"];
  readonly [name: string]: unknown;
}

/** Replaces every `@name` by what it stands for, and every `$name` by what was seen. */
export function filler(names: Names) {
  return function fill<T>(value: T, lookUp: (name: string) => string | undefined = () => undefined): T {
    const filled = (value: unknown): unknown => {
      if (typeof value === "string" && value.startsWith("@")) return filled(names[value.slice(1)]);
      if (typeof value === "string" && value.startsWith("$")) return lookUp(value.slice(1));
      if (Array.isArray(value)) return value.map(filled);
      if (typeof value !== "object" || value === null) return value;
      const key = (key: string): string => (key.startsWith("@") ? String(names[key.slice(1)]) : key);
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [key(name), filled(each)]));
    };
    return filled(value) as T;
  };
}
