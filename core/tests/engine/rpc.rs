//! A record as Core Lightning's JSON.

use invreq::engine::{SendInvoice, SendOutcome, Status};
use serde_json::Value;

use crate::common::{params, Host, Request};

const SEED: &str = include_str!("../../../tests/vectors/seed/sendinvoice.json");

fn names(text: &str) -> Vec<String> {
    // The order of the text, which a parsed map may not keep.
    let mut found = Vec::new();
    let value: Value = serde_json::from_str(text).unwrap();
    for name in value.as_object().unwrap().keys() {
        found.push((text.find(&format!("\"{name}\":")).unwrap(), name.clone()));
    }
    found.sort();
    found.into_iter().map(|(_, name)| name).collect()
}

fn check_against_schema(value: &Value) {
    let seed: Value = serde_json::from_str(SEED).unwrap();
    let response = &seed["response"];
    let paid = value["status"] == "paid";
    let mut required: Vec<&Value> = response["required"].as_array().unwrap().iter().collect();
    let then = &response["allOf"][0]["then"];
    if paid {
        required.extend(then["required"].as_array().unwrap());
    }
    let object = value.as_object().unwrap();
    for name in required {
        assert!(object.contains_key(name.as_str().unwrap()), "{name} is missing");
    }
    for (name, value) in object {
        let plain = &response["properties"][name]["type"];
        let kind = if plain.is_string() {
            plain
        } else {
            &then["properties"][name]["type"]
        };
        let good = match kind.as_str().unwrap() {
            "u64" | "msat" => value.is_u64(),
            "string" => value.is_string(),
            "hash" | "secret" => value.as_str().is_some_and(|text| text.len() == 64),
            other => panic!("{other}"),
        };
        assert!(good, "{name}: {value}");
    }
}

#[test]
fn fields_come_in_the_order_of_core_lightning() {
    let mut host = Host::new();
    host.send(params(&Request::default().text(), "a \"b\"\n"))
        .unwrap();
    host.delivered(SendOutcome::Accepted);
    let unpaid = host.get("a \"b\"\n");
    let text = unpaid.to_rpc();
    assert_eq!(
        names(&text),
        [
            "label",
            "bolt12",
            "payment_hash",
            "amount_msat",
            "status",
            "description",
            "expires_at",
            "created_index"
        ]
    );
    let value: Value = serde_json::from_str(&text).unwrap();
    check_against_schema(&value);
    assert_eq!(value["label"], "a \"b\"\n");
    assert_eq!(value["payment_hash"], unpaid.payment_hash.to_string());

    let text = host.receive(unpaid.payment_hash, 60_000).unwrap().to_rpc();
    // Exactly the order of the example in the documentation of `sendinvoice`.
    let seed: Value = serde_json::from_str(SEED).unwrap();
    let example = seed["examples"][0]["response"].as_object().unwrap();
    let place = |name: &str| SEED.rfind(&format!("\"{name}\": ")).unwrap();
    let mut order: Vec<&String> = example.keys().collect();
    order.sort_by_key(|name| place(name));
    assert_eq!(names(&text).iter().collect::<Vec<_>>(), order);
    let value: Value = serde_json::from_str(&text).unwrap();
    check_against_schema(&value);
    assert_eq!(
        (&value["amount_received_msat"], &value["pay_index"]),
        (&60_000.into(), &1.into())
    );
}

#[test]
fn an_expired_record_is_valid_too() {
    let mut host = Host::new();
    host.send(params(&Request::default().no_description().text(), "a"))
        .unwrap();
    host.wait_s(91);
    let record = host.get("a");
    assert_eq!(record.status, Status::Expired);
    let value: Value = serde_json::from_str(&record.to_rpc()).unwrap();
    check_against_schema(&value);
    assert_eq!(
        (&value["description"], &value["updated_index"]),
        (&"".into(), &1.into())
    );
}

#[test]
fn numbers_are_exact() {
    let mut host = Host::new();
    let text = Request::default().amount(2_100_000_000_000_000_000).text();
    host.source.paths = vec![crate::common::payment_path(0, u64::MAX)];
    host.send(SendInvoice {
        expiry: Some(u32::MAX),
        ..params(&text, "a")
    })
    .unwrap();
    let hash = host.get("a").payment_hash;
    let paid = host.receive(hash, u64::MAX).unwrap();
    assert!(paid
        .to_rpc()
        .contains("\"amount_received_msat\":18446744073709551615,"));
    assert!(paid.to_rpc().contains("\"amount_msat\":2100000000000000000,"));
}
