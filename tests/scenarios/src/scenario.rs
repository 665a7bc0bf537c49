//! Reading scenarios.

use core::sync::atomic::Ordering;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use invreq::engine::Record;
use serde_json::{json, Map, Value};

use crate::lines::hex;
use crate::stage::World;
use crate::values::text;

/// A scenario: what happens, and what has to come of it.
#[derive(Clone)]
pub struct Scenario {
    /// Its name, which is that of its file.
    pub name: String,
    /// When it begins.
    pub now_ms: u64,
    /// What happens, one after the other.
    pub actions: Vec<Value>,
    /// The whole file.
    pub file: Value,
    data: Map<String, Value>,
}

/// The folder of the scenarios.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Reads a JSON file of the folder.
pub fn read(name: &str) -> Value {
    let text = fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All scenarios, in the order of their names.
pub fn all() -> Vec<Scenario> {
    let mut names: Vec<String> = fs::read_dir(folder().join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .collect();
    names.sort();
    names.into_iter().map(Scenario::read).collect()
}

impl Scenario {
    /// Reads the scenario of this name.
    pub fn read(name: String) -> Self {
        let file = read(&format!("cases/{name}.json"));
        let mut data = read("data.json").as_object().unwrap().clone();
        let made = read("made.json");
        data.extend(made[&name].as_object().cloned().unwrap_or_default());
        let actions = file["do"].as_array().unwrap().clone();
        let now_ms = file["nowMs"].as_u64().unwrap_or(1_700_000_000_000);
        Self {
            name,
            now_ms,
            actions,
            file,
            data,
        }
    }

    /// What is known under a name, as `@name` in an action.
    pub fn named(&self, name: &str) -> Option<&Value> {
        self.data.get(name)
    }

    /// Takes what is to be made for this name as not known: it is `null` then.
    pub fn forget(&mut self, name: &str) {
        self.data.insert(name.to_owned(), Value::Null);
    }

    /// Takes this for what the name stands for.
    pub fn learn(&mut self, name: &str, value: &Value) {
        self.data.insert(name.to_owned(), value.clone());
    }

    /// What the host says as long as no action changes it.
    pub fn host_defaults(&self) -> BTreeMap<String, Value> {
        let defaults = self.data["defaults"].as_object().unwrap();
        let parts = ["source", "transport", "signer", "store"];
        let mut says: BTreeMap<String, Value> = parts
            .map(|part| (part.to_owned(), self.fill(&defaults[part], &|_| None)))
            .into();
        says.insert(
            "ecdh".to_owned(),
            self.named("ecdh").cloned().unwrap_or(json!({})),
        );
        says
    }

    /// An action with all names replaced by what they stand for, and the defaults of its kind.
    pub fn resolve(&self, action: &Value, world: &World, seen: &[Record]) -> Value {
        let lookup = |name: &str| {
            let known = seen.iter().rev().find(|record| record.label == name);
            let hash = known.map(|record| record.payment_hash.to_string());
            let token = world
                .deliveries
                .lock()
                .unwrap()
                .get(name)
                .and_then(|copy| copy.reply_path_id);
            hash.or(token.map(|token| hex(&token)))
        };
        let kind = self.data["defaults"].get(text(&action["do"]));
        let is_part = ["source", "transport", "signer", "store"]
            .iter()
            .any(|part| action["do"] == *part);
        let mut given = kind.filter(|_| !is_part).cloned().unwrap_or_else(|| json!({}));
        for (key, value) in action.as_object().unwrap() {
            given[key] = value.clone();
        }
        for key in ["expect", "payee"] {
            given.as_object_mut().unwrap().remove(key);
        }
        // After a crash not everything came to be.
        let lacks = world.has_died.load(Ordering::SeqCst).then(|| "00".repeat(32));
        self.fill(&given, &|name| lookup(name).or_else(|| lacks.clone()))
    }

    fn fill(&self, value: &Value, lookup: &dyn Fn(&str) -> Option<String>) -> Value {
        match value {
            Value::String(text) => match (text.strip_prefix('@'), text.strip_prefix('$')) {
                (Some(name), _) => {
                    let found = self
                        .named(name)
                        .unwrap_or_else(|| panic!("{}: there is no @{name}", self.name));
                    self.fill(found, lookup)
                }
                (_, Some(name)) => match lookup(name) {
                    Some(found) => found.into(),
                    None => panic!("{}: nothing is known of {name}", self.name),
                },
                _ => value.clone(),
            },
            Value::Array(list) => list.iter().map(|value| self.fill(value, lookup)).collect(),
            Value::Object(map) => {
                let fill = |(key, value): (&String, &Value)| {
                    let key = key
                        .strip_prefix('@')
                        .map_or(key.clone(), |name| text(&self.data[name]));
                    (key, self.fill(value, lookup))
                };
                Value::Object(map.iter().map(fill).collect())
            }
            _ => value.clone(),
        }
    }
}
