//! A store of every release is read by every later one.

use std::path::PathBuf;

use futures_lite::future::block_on;
use invreq::engine::{Answer, ListInvoices, ReplyPath, Route, SendInvoice, SendOutcome, Status};
use invreq::store::{Batch, Entry, MemoryStore, Store};
use serde_json::{json, Value};

use crate::common::{config, error_bytes, node, params, Host, PaysWith, Request, SEED};

const GOLDEN: &str = include_str!("../../../tests/vectors/store/v1.json");

/// A wallet with an invoice in every state.
fn wallet() -> Host {
    let mut host = Host::new();
    let send = |host: &mut Host, number: u32, label: &str| {
        let text = Request::number(number).paths_over(&[10, 11]).text();
        // Each goes over peers of its own, so that none waits in line.
        for path in [10, 11] {
            let via = vec![node(100 + path * 10 + number as u8)];
            let reply = ReplyPath::Host;
            let route = Route {
                via,
                reply,
                ..Route::default()
            };
            host.routes.insert(node(path), Answer::Route(Some(route)));
        }
        host.send(SendInvoice {
            expiry: Some(3600),
            ..params(&text, label)
        })
        .unwrap();
    };
    host.send(SendInvoice {
        expiry: Some(5),
        ..params(&Request::number(1).text(), "expired")
    })
    .unwrap();
    host.deliveries.clear();
    host.wait_s(10);
    send(&mut host, 2, "sent");
    host.delivered(SendOutcome::Accepted);
    send(&mut host, 3, "refused");
    let copy = host.delivered(SendOutcome::Accepted);
    host.payer_error(
        copy.reply_path_id.unwrap(),
        error_bytes("too much", Some((170, &[1, 2]))),
    );
    send(&mut host, 4, "unreachable");
    host.delivered(SendOutcome::NoRoute);
    host.delivered(SendOutcome::NoRoute);
    send(&mut host, 5, "failed once");
    host.delivered(SendOutcome::Failed);
    send(&mut host, 6, "claiming");
    let hash = host.get("claiming").payment_hash;
    host.claim(hash, 60_000).unwrap();
    send(&mut host, 7, "paid");
    let hash = host.get("paid").payment_hash;
    host.receive(hash, 50_001).unwrap();
    host.source.with = PaysWith::Given([5; 32]);
    send(&mut host, 8, "sealed");
    host.source.with = PaysWith::Kept([6; 32]);
    send(&mut host, 9, "kept by the host");
    host.deliveries.clear();
    host
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex_conservative::FromHex::from_hex(value.as_str().unwrap()).unwrap()
}

fn shown(host: &mut Host) -> Value {
    let records = host.list(ListInvoices::default()).unwrap().records;
    records
        .iter()
        .map(|record| {
            json!({
                "label": record.label,
                "status": record.status.as_str(),
                "claiming": record.claiming,
                "delivery": format!("{:?}", record.delivery.state).to_lowercase(),
                "rpc": record.to_rpc(),
            })
        })
        .collect()
}

fn golden(host: &mut Host) -> Value {
    let entries: Vec<Value> = host
        .entries()
        .iter()
        .map(|entry| json!([hex(&entry.key), hex(&entry.value)]))
        .collect();
    host.restart();
    json!({
        "comment": "The entries of a store of format 1, key and value in hex, and the records in it. Made by the test engine::vectors.",
        "network": "regtest",
        "wallet_id": "main",
        "seed": hex(&SEED),
        "now_ms": host.now_ms,
        "entries": entries,
        "records": shown(host),
    })
}

#[test]
fn the_store_of_version_1_is_read_and_written_as_ever() {
    let made = golden(&mut wallet());
    if std::env::var_os("INVREQ_WRITE_VECTORS").is_some() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/store/v1.json");
        std::fs::write(path, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
        return;
    }
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    // The same inputs still write the same bytes.
    assert_eq!(made["entries"], golden["entries"]);

    // And those bytes are still read.
    let mut revision = None;
    let mut all = Batch::new("elsewhere", 1);
    for entry in golden["entries"].as_array().unwrap() {
        let entry = Entry::new(bytes(&entry[0]), bytes(&entry[1]));
        revision = revision.or(entry.key.ends_with(b"/v").then(|| entry.value.clone()));
        all.puts.push(entry);
    }
    assert!(revision.is_some());
    let store = MemoryStore::new();
    block_on(store.write(&all)).unwrap();
    let mut host = Host::unopened(config(), SEED, store);
    host.now_ms = golden["now_ms"].as_u64().unwrap();
    host.dice = 1 << 40;
    host.restore().unwrap();
    assert_eq!(shown(&mut host), golden["records"]);
    assert_eq!(host.engine.open_invoices(), 7);

    // The plan of an invoice that was sent over its first path goes on.
    host.settle();
    host.deliveries.clear();
    host.wait_s(10);
    let further = host.deliveries.iter().find(|copy| copy.label == "sent");
    assert_eq!(further.map(|copy| copy.node_id), Some(node(11)));

    // Nothing that is rewritten loses anything: an invoice that changes and changes back is the same bytes.
    host.settle();
    for label in ["sealed", "claiming"] {
        let hash = host.get(label).payment_hash;
        let preimage = host.claim(hash, 60_000).unwrap().preimage.unwrap();
        assert_eq!(preimage.payment_hash(), hash);
        assert_eq!(host.receive(hash, 60_000).unwrap().status, Status::Paid);
    }
}
