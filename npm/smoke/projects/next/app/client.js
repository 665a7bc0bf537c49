"use client";

import { answer, decode, InvreqError, verify } from "invreq";
import { useEffect } from "react";
import { check } from "../scenario.js";

export function Client() {
  useEffect(() => {
    globalThis.smoke = Promise.resolve()
      .then(() => check({ answer, decode, verify, InvreqError }))
      .catch((error) => String(error.stack ?? error));
  }, []);
  return null;
}
