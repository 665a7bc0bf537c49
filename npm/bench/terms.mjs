// The terms on which a request is answered: one path of two hops, with keys that are 32 times the same byte.

/** What `answer` takes. */
export function terms(invreq) {
  return {
    invreq,
    network: "regtest",
    secretKey: new Uint8Array(32).fill(0x43),
    paymentHash: "bb391415c05e39d77ca17381d3be3f7d0cd5e5332e5a579311adaa0aa62106e9",
    createdAt: 1_700_000_000,
    expiry: 3600,
    paths: [
      {
        path: {
          introduction: "0250d1203e168650a52be58141df7b5be8e11f9c38e3ef76bffc9a8225039fcb97",
          pathKey: "02eec7245d6b7d2ccb30380bfbe2a3648cd7a942653f5aa340edcea1f283686619",
          hops: [
            {
              blindedNodeId: "032c0b7cf95324a07d05398b240174dc0c2be444d96b159aa6c7f7b1e668680991",
              encryptedRecipientData: new Uint8Array(43),
            },
            {
              blindedNodeId: "02edabbd16b41c8371b92ef2f04c1185b4f03b6dcd52ba9b78d9d7c89c8f221145",
              encryptedRecipientData: new Uint8Array(44),
            },
          ],
        },
        payinfo: {
          feeBaseMsat: 1,
          feeProportionalMillionths: 1000,
          cltvExpiryDelta: 42,
          htlcMinimumMsat: 1n,
          htlcMaximumMsat: 1_000_000_000_000n,
        },
      },
    ],
  };
}
