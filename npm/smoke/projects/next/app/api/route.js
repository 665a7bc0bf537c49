import { answer, decode, InvreqError, verify } from "invreq";
import { check } from "../../scenario.js";

export const dynamic = "force-dynamic";

export function GET() {
  return Response.json({ smoke: check({ answer, decode, verify, InvreqError }) });
}
