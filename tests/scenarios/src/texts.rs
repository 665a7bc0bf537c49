//! What needs no payee: `decode`, `verify` and `answer`.

use invreq::answer::{prepare_str, Terms};
use invreq::bolt12::Bolt12;
use invreq::{decode_with, DecodeOptions, NodeKey, Result};
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
            let key = NodeKey::new(&array(&given["secretKey"]))?;
            let terms = Terms {
                created_at: number(&given["createdAt"]),
                relative_expiry: number32(&given["expiry"]).unwrap_or(7200),
                payment_hash: parsed(&given["paymentHash"]),
                node_id: key.node_id(),
                mpp: given["mpp"] == true,
                paths: given["paths"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(payment_path)
                    .collect(),
                paths_expire_at: given["pathsExpireAt"].as_u64(),
            };
            let amount_msat = given["amountMsat"].as_u64();
            let unsigned = prepare_str(&text(&given["invreq"]), options.chain, amount_msat, &terms)?;
            Ok(unsigned.sign(&key)?.to_string())
        }
    }
}
