//! The scenarios are as their schema says.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use serde_json::{json, Value};

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_scenario_is_as_its_schema_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let schema = jsonschema::draft202012::new(&read(&folder.join("scenario.schema.json"))).unwrap();
    let mut count = 0_u32;
    for entry in fs::read_dir(folder.join("cases")).unwrap() {
        let path = entry.unwrap().path();
        let scenario = read(&path);
        if let Some(fault) = schema.iter_errors(&scenario).next() {
            panic!("{}: {fault}", path.display());
        }
        count = count.saturating_add(1);
    }
    assert!(count >= 60, "{count}");
    let unknown = json!({ "about": "It does something unknown.", "do": [{ "do": "dance" }], "end": {} });
    assert!(!schema.is_valid(&unknown));
    let lacking = json!({ "about": "It sends nothing at all.", "do": [{ "do": "sendInvoice" }], "end": {} });
    assert!(!schema.is_valid(&lacking));
}
