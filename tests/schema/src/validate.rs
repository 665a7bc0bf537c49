use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

const SCHEMA: &str = include_str!("../sendinvoice.schema.json");

/// Holds a response of `sendinvoice`, as JSON text, against the contract.
///
/// # Errors
/// Every way in which it differs, each with the place.
pub fn validate_response(json: &str) -> Result<(), String> {
    static VALIDATOR: OnceLock<Result<Validator, String>> = OnceLock::new();
    validate(json, VALIDATOR.get_or_init(|| validator("#/$defs/response")))
}

/// Holds the parameters of `sendinvoice`, as JSON text, against the contract.
///
/// # Errors
/// Every way in which they differ, each with the place.
pub fn validate_request(json: &str) -> Result<(), String> {
    static VALIDATOR: OnceLock<Result<Validator, String>> = OnceLock::new();
    validate(json, VALIDATOR.get_or_init(|| validator("#/$defs/request")))
}

fn validator(half: &str) -> Result<Validator, String> {
    let mut schema: Value = serde_json::from_str(SCHEMA).map_err(|error| error.to_string())?;
    let root = schema.as_object_mut().ok_or("the schema is not an object")?;
    root.insert("$ref".to_owned(), half.into());
    jsonschema::draft202012::new(&schema).map_err(|error| error.to_string())
}

fn validate(json: &str, validator: &Result<Validator, String>) -> Result<(), String> {
    let validator = validator.as_ref().map_err(Clone::clone)?;
    let value: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let mut complaints = Vec::new();
    not_whole(&value, "", &mut complaints);
    for error in validator.iter_errors(&value) {
        complaints.push(format!("{}: {error}", error.instance_path()));
    }
    if complaints.is_empty() {
        Ok(())
    } else {
        Err(complaints.join("\n"))
    }
}

/// JSON Schema takes 1.0 for an integer; a reader of `u64` does not.
fn not_whole(value: &Value, path: &str, complaints: &mut Vec<String>) {
    match value {
        Value::Number(number) if number.is_f64() => {
            complaints.push(format!("{path}: {number} is not a whole number"))
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                not_whole(value, &format!("{path}/{index}"), complaints);
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                not_whole(value, &format!("{path}/{name}"), complaints);
            }
        }
        _ => {}
    }
}
