use serde_json::{json, Map, Value};

use crate::types::{RpcType, Side, ALL};

const COMMENT: &str =
    "Made by `cargo xtask schema` from tests/vectors/seed/sendinvoice.json. Do not edit. This is the \
    schema of the response; that of the request is #/$defs/request.";

/// Turns Core Lightning's description of a command into JSON Schema, word by word.
///
/// A keyword or a type without a translation is an error, so that nothing of the contract is lost in silence. The
/// `additionalProperties: false` of the whole document becomes `unevaluatedProperties: false` on the request and on the
/// response: no property but those that `properties`, or a branch that applies, lists.
pub fn translate(description: &str) -> Result<String, String> {
    let description: Value = serde_json::from_str(description).map_err(|error| error.to_string())?;
    let description = object(&description)?;
    let closed = description.get("additionalProperties") == Some(&Value::Bool(false));
    let mut defs = Map::new();
    for rpc_type in ALL {
        defs.insert(rpc_type.name.to_owned(), rpc_type.schema()?);
    }
    for (name, side) in [("request", Side::Request), ("response", Side::Response)] {
        let half = description
            .get(name)
            .ok_or_else(|| format!("there is no {name}"))?;
        let mut half = schema(half, side).map_err(|error| format!("{name}: {error}"))?;
        half.insert("type".to_owned(), json!("object"));
        if closed {
            half.insert("unevaluatedProperties".to_owned(), json!(false));
        }
        defs.insert(name.to_owned(), Value::Object(half));
    }
    let mut document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": COMMENT,
        "$ref": "#/$defs/response",
        "$defs": defs,
        "title": description.get("title"),
        "description": text(description.get("description").ok_or("there is no description")?)?,
    });
    // Another crate of the same build can turn on the feature of serde_json that keeps the order of insertion.
    document.sort_all_objects();
    let text = serde_json::to_string_pretty(&document).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

fn schema(value: &Value, side: Side) -> Result<Map<String, Value>, String> {
    let mut translated = Map::new();
    let mut remarks = Vec::new();
    for (keyword, value) in object(value)? {
        let mut keep = |value: Value| translated.insert(keyword.clone(), value);
        match keyword.as_str() {
            "type" => {
                let (keyword, value) = type_of(value, side)?;
                translated.insert(keyword.to_owned(), value);
            }
            "properties" => {
                keep(properties(value, side)?);
            }
            "allOf" => {
                keep(list(value, side)?);
            }
            "if" | "then" => {
                keep(Value::Object(schema(value, side)?));
            }
            "required" | "enum" | "additionalProperties" => {
                keep(value.clone());
            }
            "description" => {
                keep(text(value)?);
            }
            // The default is a sentence here, not a value; both are remarks for a reader.
            "default" | "added" => remarks.push(format!(
                "{keyword}: {}",
                text(value)?.as_str().unwrap_or_default()
            )),
            _ => return Err(format!("the keyword {keyword} has no translation")),
        }
    }
    if !remarks.is_empty() {
        translated.insert("$comment".to_owned(), json!(remarks.join("; ")));
    }
    Ok(translated)
}

fn type_of(value: &Value, side: Side) -> Result<(&'static str, Value), String> {
    let name = value.as_str().ok_or("a type is not a name")?;
    match RpcType::find(name, side) {
        Some(rpc_type) => Ok(("$ref", json!(format!("#/$defs/{}", rpc_type.name)))),
        None if name == "string" || name == "object" => Ok(("type", value.clone())),
        None => Err(format!("the type {name} has no translation")),
    }
}

fn properties(value: &Value, side: Side) -> Result<Value, String> {
    let mut translated = Map::new();
    for (name, value) in object(value)? {
        let property = schema(value, side).map_err(|error| format!("{name}: {error}"))?;
        translated.insert(name.clone(), Value::Object(property));
    }
    Ok(Value::Object(translated))
}

fn list(value: &Value, side: Side) -> Result<Value, String> {
    let list = value.as_array().ok_or("not a list of schemas")?.iter();
    let translated: Result<Vec<_>, _> = list.map(|value| schema(value, side).map(Value::Object)).collect();
    Ok(Value::Array(translated?))
}

fn object(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("not an object: {value}"))
}

/// A text, which may be written as a list of its lines.
fn text(value: &Value) -> Result<Value, String> {
    let Some(lines) = value.as_array() else {
        return if value.is_string() {
            Ok(value.clone())
        } else {
            Err(format!("not a text: {value}"))
        };
    };
    let lines: Option<Vec<&str>> = lines.iter().map(Value::as_str).collect();
    Ok(json!(lines.ok_or("a line is not a text")?.join("\n")))
}
