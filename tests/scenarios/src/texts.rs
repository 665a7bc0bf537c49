//! What needs no payee: `decode`, `verify` and `answer`.

use bitcoin::secp256k1::{Keypair, Secp256k1};
use invreq::answer::{answer, Answerable, Terms};
use invreq::bolt12::{Bolt12, InvoiceRequest};
use invreq::{decode_with, DecodeOptions, Result};
use serde_json::Value;

use crate::lines;
use crate::values::{array, number, number32, parsed, payment_path, text};

/// What the function of this name says.
pub fn say(what: &str, given: &Value) -> Result<String> {
    let mut options = DecodeOptions::network(given["network"].as_str().unwrap_or("bitcoin"))?;
    match what {
        "decode" => {
            options.now = given["now"].as_u64();
            Ok(lines::decoded(&decode_with(&text(&given["text"]), &options)?))
        }
        "verify" => Ok(lines::verified(&text(&given["text"]).parse::<Bolt12>()?)),
        _ => {
            let request: InvoiceRequest = text(&given["invreq"]).parse()?;
            let created_at = number(&given["createdAt"]);
            let answerable = Answerable::new(request, options.chain, Some(created_at))?;
            answerable.check_amount(given["amountMsat"].as_u64())?;
            let secp = Secp256k1::new();
            let pair = Keypair::from_seckey_slice(&secp, &array::<32>(&given["secretKey"])).unwrap();
            let terms = Terms {
                created_at,
                relative_expiry: number32(&given["expiry"]).unwrap_or(7200),
                payment_hash: parsed(&given["paymentHash"]),
                node_id: pair.public_key(),
                mpp: given["mpp"] == true,
                paths: given["paths"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(payment_path)
                    .collect(),
                paths_expire_at: given["pathsExpireAt"].as_u64(),
            };
            Ok(answer(&answerable, &terms, &pair, &secp)?.to_string())
        }
    }
}
