//! The schema against the contract it is made from, and against what real nodes answered.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use invreq_schema::{translate, validate_request, validate_response};
use serde_json::{json, Value};

const SEED: &str = include_str!("../../vectors/seed/sendinvoice.json");
const FLOWS: &str = include_str!("../../vectors/cln/recorded-flows.json");
const EXAMPLES: &str = include_str!("../../vectors/cln/schema-examples.json");

fn seed() -> Value {
    serde_json::from_str(SEED).unwrap()
}

fn example(half: &str) -> Value {
    seed().pointer(&format!("/examples/0/{half}")).unwrap().clone()
}

fn paid() -> Value {
    example("response")
}

fn unpaid() -> Value {
    let mut response = paid();
    for paid_only in ["pay_index", "amount_received_msat", "paid_at", "payment_preimage"] {
        response.as_object_mut().unwrap().remove(paid_only).unwrap();
    }
    with(response, "status", json!("unpaid"))
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object.as_object_mut().unwrap().insert(name.to_owned(), value);
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name).unwrap();
    object
}

#[track_caller]
fn accepted(response: &Value) {
    assert_eq!(validate_response(&response.to_string()), Ok(()));
}

/// The complaint has to be about the right thing.
#[track_caller]
fn refused(response: &Value, about: &str) {
    let complaint = validate_response(&response.to_string()).unwrap_err();
    assert!(complaint.contains(about), "{complaint}");
}

#[test]
fn the_schema_is_the_translation_of_the_seed() {
    let kept = include_str!("../sendinvoice.schema.json");
    assert!(
        kept == translate(SEED).unwrap(),
        "sendinvoice.schema.json is stale: run `cargo xtask schema`"
    );
}

#[test]
fn the_example_of_the_seed_is_valid() {
    accepted(&paid());
    assert_eq!(validate_request(&example("request/params").to_string()), Ok(()));
}

#[test]
fn each_status_is_valid_with_its_own_fields() {
    accepted(&unpaid());
    accepted(&with(unpaid(), "status", json!("expired")));
    accepted(&with(unpaid(), "description", json!("")));
    for optional in ["amount_msat", "bolt12", "updated_index"] {
        accepted(&without(unpaid(), optional));
        accepted(&without(paid(), optional));
    }
    refused(&with(unpaid(), "status", json!("settled")), "/status");
}

#[test]
fn a_required_field_is_missed() {
    for required in [
        "label",
        "description",
        "payment_hash",
        "status",
        "created_index",
        "expires_at",
    ] {
        refused(&without(paid(), required), required);
        refused(&without(unpaid(), required), required);
    }
    for required_when_paid in ["pay_index", "amount_received_msat", "paid_at", "payment_preimage"] {
        refused(&without(paid(), required_when_paid), required_when_paid);
    }
}

#[test]
fn a_field_too_many_is_seen() {
    refused(&with(paid(), "invreq_id", json!("00")), "invreq_id");
    refused(&with(unpaid(), "invreq_id", json!("00")), "invreq_id");
    // What belongs to a payment has no place in an unpaid record.
    let preimage = paid()["payment_preimage"].clone();
    refused(&with(unpaid(), "payment_preimage", preimage), "payment_preimage");
    refused(&with(unpaid(), "pay_index", json!(1)), "pay_index");
}

#[test]
fn hashes_are_64_hex_digits() {
    let hash = paid()["payment_hash"].as_str().unwrap().to_owned();
    for field in ["payment_hash", "payment_preimage"] {
        accepted(&with(paid(), field, json!(hash.to_uppercase())));
        let wrong = [
            hash[1..].to_owned(),
            hash.clone() + "0",
            hash.clone() + "\n",
            hash.replace('a', "g"),
            String::new(),
        ];
        for wrong in wrong {
            refused(&with(paid(), field, json!(wrong)), field);
        }
        refused(&with(paid(), field, json!(1)), field);
    }
}

#[test]
fn numbers_are_whole_unquoted_and_fit_64_bits() {
    for field in [
        "amount_msat",
        "expires_at",
        "created_index",
        "updated_index",
        "pay_index",
        "paid_at",
    ] {
        accepted(&with(paid(), field, json!(u64::MAX)));
        accepted(&with(paid(), field, json!(0)));
        for wrong in [
            json!("1000"),
            json!("1000msat"),
            json!(-1),
            json!(1.0),
            json!(0.5),
            json!(null),
        ] {
            refused(&with(paid(), field, wrong), field);
        }
        let too_large = with(paid(), field, json!("HERE"))
            .to_string()
            .replace("\"HERE\"", "18446744073709551616");
        assert!(validate_response(&too_large).unwrap_err().contains(field));
    }
}

#[test]
fn a_request_is_held_against_its_own_half() {
    let params = example("request/params");
    let check = |name: &str, value: Value| validate_request(&with(params.clone(), name, value).to_string());
    for amount in [
        json!(1),
        json!("1"),
        json!("1msat"),
        json!("1sat"),
        json!("0.00000000001btc"),
        json!("1btc"),
    ] {
        assert_eq!(check("amount_msat", amount), Ok(()));
    }
    for amount in [
        json!("any"),
        json!(-1),
        json!(1.5),
        json!("1.5sat"),
        json!("0.000000000001btc"),
        json!(""),
    ] {
        assert!(check("amount_msat", amount).is_err());
    }
    assert_eq!(check("timeout", json!(u32::MAX)), Ok(()));
    assert!(check("timeout", json!(u64::from(u32::MAX) + 1)).is_err());
    assert_eq!(check("quantity", json!(u64::MAX)), Ok(()));
    assert!(check("retry", json!(1)).is_err());
    for required in ["invreq", "label"] {
        assert!(validate_request(&without(params.clone(), required).to_string()).is_err());
    }
}

#[test]
fn what_is_not_an_object_is_refused() {
    for text in ["", "{", "[]", "null", "1", "\"paid\"", "{}"] {
        assert!(validate_response(text).is_err(), "{text}");
        assert!(validate_request(text).is_err(), "{text}");
    }
}

#[test]
fn what_real_nodes_answered_is_valid() {
    let flows: Value = serde_json::from_str(FLOWS).unwrap();
    let steps = flows["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|session| session["steps"].as_array().unwrap());
    let recorded = steps
        .filter(|step| step["method"] == "sendinvoice")
        .filter_map(|step| step.get("result"));

    let examples: Value = serde_json::from_str(EXAMPLES).unwrap();
    let examples = examples.as_array().unwrap().iter();
    let documented = examples
        .filter(|example| example["request"]["method"] == "sendinvoice")
        .map(|e| &e["response"]);

    let answers: Vec<_> = recorded.chain(documented).collect();
    assert!(answers.len() >= 7, "{} answers", answers.len());
    answers.into_iter().for_each(accepted);
}

#[test]
fn what_has_no_translation_is_an_error() {
    let broken = |pointer: &str, value: Value| {
        let mut seed = seed();
        *seed.pointer_mut(pointer).unwrap() = value;
        translate(&seed.to_string()).unwrap_err()
    };
    assert!(broken("/response/properties/label/type", json!("outpoint")).contains("label: the type outpoint"));
    assert!(broken("/response/properties/label", json!({ "minLength": 1 })).contains("the keyword minLength"));
    assert!(broken("/response", json!([])).contains("not an object"));
}

/// Without the word of the document, a response is as open as JSON Schema is by default.
#[test]
fn closing_a_schema_comes_from_the_document() {
    let mut open = seed();
    open.as_object_mut().unwrap().remove("additionalProperties");
    let closed = |seed: &Value| {
        translate(&seed.to_string())
            .unwrap()
            .matches("unevaluatedProperties")
            .count()
    };
    assert_eq!(closed(&seed()), 2);
    assert_eq!(closed(&open), 0);
}
