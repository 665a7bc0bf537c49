import { answer, decode, InvreqError, verify } from "invreq";
import { check } from "../scenario.js";
import { Client } from "./client.js";

export const dynamic = "force-dynamic";

export default function Page() {
  return (
    <main>
      <p id="server">{check({ answer, decode, verify, InvreqError })}</p>
      <Client />
    </main>
  );
}
