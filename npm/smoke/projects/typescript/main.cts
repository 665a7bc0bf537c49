import invreq = require("invreq");
import node = require("invreq/node");
import slim = require("invreq/slim");
import { InvreqError, type Decoded } from "invreq";

const decoded: Decoded = invreq.decode("lnr1");
const error: unknown = undefined;
if (error instanceof InvreqError) console.log(error.code, decoded.kind, node, slim.decode);

// @ts-expect-error a number is no request
invreq.decode(1);
