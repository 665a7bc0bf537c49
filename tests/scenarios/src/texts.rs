//! What needs no payee: `decode`, `verify` and `answer`.

use invreq::answer::{prepare_str, Terms};
use invreq::bolt12::Bolt12;
use invreq::{decode_with, DecodeOptions, NodeKey, Result};
use serde_json::Value;

use crate::lines;
use crate::turns::Turns;
use crate::values::{array, number, number32, parsed, payment_path, text};

/// What the function of this name says.
pub fn say(what: &str, given: &Value, turns: &Turns) -> Result<String> {
    let mut options = DecodeOptions::network(given["network"].as_str().unwrap_or("bitcoin"))?;
    match what {
        "decode" => {
            options.now = given["now"].as_u64();
            let decoded = decode_with(&text(&given["text"]), &options)?;
            Ok(lines::decoded(turns.logged_too(&decoded)))
        }
        "verify" => {
            let message = text(&given["text"]).parse::<Bolt12>()?;
            Ok(lines::verified(turns.logged_too(&message)))
        }
        _ => {
            let key = NodeKey::new(&array(&given["secretKey"]))?;
            turns.logged_too(&key);
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
            let invoice = turns.logged_too(&unsigned).clone().sign(&key)?;
            Ok(turns.logged_too(&invoice).to_string())
        }
    }
}
