import { answer, decode, InvreqError, verify, type Decoded, type PaymentSource, type Store } from "invreq";
import type * as node from "invreq/node";
import type * as slim from "invreq/slim";
import type * as testing from "invreq/testing";
import type * as url from "invreq/url";
import { check } from "./scenario.mjs";

const decoded: Decoded = decode("lnr1");
const amounts: readonly string[] = decoded.fields.map((field) => field.value);

// @ts-expect-error a number is no request
decode(1);

export type Everything = [
    typeof node,
    typeof slim.decode,
    typeof testing,
    typeof url.ready,
    Store,
    PaymentSource,
    typeof amounts,
];
export const result: string = check({ answer, decode, verify, InvreqError });
