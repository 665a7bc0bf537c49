//! One invoice from the request to the payment, as every facade has to repeat it byte for byte.

use std::path::PathBuf;

use invreq::bolt12::Introduction;
use invreq::engine::{
    Answer, DeliveryReport, DeliveryState, Payment, Record, ReplyPath, Route, SendInvoice, SendOutcome,
    Status,
};
use invreq::{InvreqId, PaymentHash, Preimage};
use serde_json::{json, Value};

use crate::common::{config, node, params, Host, Request, SEED};

/// Writes a vector, or holds it against what is there.
fn hold_against(name: &str, made: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/vectors")
        .join(name);
    if std::env::var_os("INVREQ_WRITE_VECTORS").is_some() {
        std::fs::write(&path, serde_json::to_string_pretty(made).unwrap() + "\n").unwrap();
    }
    let written: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(made, &written, "{name}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The payment path as a facade in TypeScript takes it.
fn payment_path(host: &Host) -> Value {
    let given = &host.source.paths[0];
    let Introduction::NodeId(introduction) = given.path.introduction else {
        panic!("the path begins at a node")
    };
    let hop = &given.path.hops[0];
    json!({
        "path": {
            "introduction": introduction.to_string(),
            "pathKey": given.path.path_key.to_string(),
            "hops": [{
                "blindedNodeId": hop.blinded_node_id.to_string(),
                "encryptedRecipientData": hex(&hop.encrypted_recipient_data),
            }],
        },
        "payinfo": {
            "feeBaseMsat": given.payinfo.fee_base_msat,
            "feeProportionalMillionths": given.payinfo.fee_proportional_millionths,
            "cltvExpiryDelta": given.payinfo.cltv_expiry_delta,
            "htlcMinimumMsat": given.payinfo.htlc_minimum_msat,
            "htlcMaximumMsat": given.payinfo.htlc_maximum_msat,
        },
    })
}

#[test]
fn one_invoice_from_the_request_to_the_payment() {
    let mut host = Host::new();
    let (via, reply_via) = (vec![node(50), node(51)], vec![node(52)]);
    let route = Route {
        via: via.clone(),
        reply: ReplyPath::Ours {
            via: reply_via.clone(),
        },
        ..Route::default()
    };
    host.default_route = Answer::Route(Some(route));
    let invreq = Request::default().paths_over(&[10, 11]).text();
    let sent = SendInvoice {
        expiry: Some(3600),
        ..params(&invreq, "transcript \u{20bf}")
    };
    host.send(sent).unwrap();
    // Only the input that makes an invoice uses its entropy.
    let entropy = {
        let mut bytes = [0xd1; 32];
        bytes[24..].copy_from_slice(&2u64.to_be_bytes());
        bytes
    };
    let copy = host.delivered(SendOutcome::Accepted);
    let asked = host.source.asked[0].clone();
    let claimed = host.claim(asked.payment_hash, asked.amount_msat).unwrap();
    let paid = host.receive(asked.payment_hash, 50_001).unwrap();
    let entries: Vec<Value> = host
        .entries()
        .iter()
        .map(|entry| json!([hex(&entry.key), hex(&entry.value)]))
        .collect();
    let made = json!({
        "comment": "One invoice, sent, claimed and paid at one moment. Made by the test engine::transcript.",
        "network": config().network.to_string(),
        "wallet_id": config().wallet_id,
        "seed": hex(&SEED),
        "now_ms": host.now_ms,
        "entropy": hex(&entropy),
        "invreq": invreq,
        "label": "transcript \u{20bf}",
        "expiry": 3600,
        "payment_path": payment_path(&host),
        "route": {
            "via": via.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "reply": { "kind": "ours", "via": reply_via.iter().map(ToString::to_string).collect::<Vec<_>>() },
        },
        "reply_node_id": host.engine.reply_node_id().unwrap().to_string(),
        "payment_hash": asked.payment_hash.to_string(),
        "amount_received_msat": 50_001,
        "delivery": {
            "id": copy.id,
            "nodeId": copy.node_id.to_string(),
            "invoice": hex(&copy.invoice),
            "firstHop": copy.packet.first_hop.to_string(),
            "message": hex(&copy.packet.message),
        },
        "preimage": hex(claimed.preimage.unwrap().expose()),
        "rpc": paid.to_rpc(),
        "entries": entries,
    });
    hold_against("transcript.json", &made);
}

#[test]
fn every_character_and_every_number_of_a_record() {
    let record = Record {
        label: "quote \" backslash \\ slash / tab \t line \n return \r feed \u{c} back \u{8} bell \u{7} unit \u{1f} delete \u{7f}"
            .to_owned(),
        description: "é ₿ 𝄞 \u{2028} \u{2029} \u{200f} \u{feff} </script>".to_owned(),
        payment_hash: PaymentHash([0; 32]),
        invreq_id: InvreqId([0x11; 32]),
        bolt12: "lni1".to_owned(),
        amount_msat: 2_099_999_999_999_999_999,
        status: Status::Paid,
        claiming: false,
        created_at: 1,
        expires_at: 2,
        created_index: 3,
        updated_index: Some(4),
        payment: Some(Payment {
            pay_index: 5,
            amount_received_msat: u64::MAX,
            paid_at: 6,
            payment_preimage: Preimage::new([0x22; 32]),
        }),
        delivery: DeliveryReport {
            state: DeliveryState::Sent,
            attempts: 1,
            paths: Vec::new(),
            error: None,
        },
    };
    let comment = "A record as JSON text, of which every byte counts. Made by the test engine::transcript.";
    hold_against(
        "rpc.json",
        &json!({ "comment": comment, "text": record.to_rpc() }),
    );
}
