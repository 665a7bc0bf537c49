use bitcoin::secp256k1::PublicKey;
use hex_conservative::FromHex;
use serde_json::{Map, Value};

use super::control::Refusal;
use crate::{Network, NodeIndex};

/// The parameters of a request, with errors that name the one at fault.
pub(super) struct Params<'a> {
    net: &'a Network,
    values: Map<String, Value>,
}

impl<'a> Params<'a> {
    pub(super) fn new(net: &'a Network, params: Option<Value>) -> Result<Params<'a>, Refusal> {
        match params {
            None | Some(Value::Null) => Ok(Params {
                net,
                values: Map::new(),
            }),
            Some(Value::Object(values)) => Ok(Params { net, values }),
            Some(_) => Err(Refusal::invalid_params("params must be an object")),
        }
    }

    /// The node that `name` names, or else the one called `default`.
    pub(super) fn node_or(&self, name: &str, default: &str) -> Result<NodeIndex, Refusal> {
        let node = self.optional(name, "a string", Value::as_str)?.unwrap_or(default);
        self.net
            .find_node(node)
            .ok_or_else(|| Refusal::new("unknown_node", format!("no node is called {node}")))
    }

    pub(super) fn node(&self, name: &str) -> Result<NodeIndex, Refusal> {
        self.text(name)?;
        self.node_or(name, "")
    }

    pub(super) fn text(&self, name: &str) -> Result<&str, Refusal> {
        required(name, self.optional(name, "a string", Value::as_str)?)
    }

    pub(super) fn text_or<'b>(&'b self, name: &str, default: &'b str) -> Result<&'b str, Refusal> {
        Ok(self.optional(name, "a string", Value::as_str)?.unwrap_or(default))
    }

    pub(super) fn number(&self, name: &str) -> Result<u64, Refusal> {
        required(name, self.optional(name, "a whole number", Value::as_u64)?)
    }

    pub(super) fn number_or(&self, name: &str, default: u32) -> Result<u32, Refusal> {
        let as_u32 = |value: &Value| value.as_u64().and_then(|number| u32::try_from(number).ok());
        Ok(self
            .optional(name, "a whole number below 2^32", as_u32)?
            .unwrap_or(default))
    }

    pub(super) fn bytes(&self, name: &str) -> Result<Vec<u8>, Refusal> {
        required(name, self.optional_bytes(name)?)
    }

    pub(super) fn optional_bytes(&self, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let decode = |value: &Value| value.as_str().and_then(|hex| Vec::from_hex(hex).ok());
        self.optional(name, "hex", decode)
    }

    pub(super) fn hash(&self, name: &str) -> Result<[u8; 32], Refusal> {
        required(name, self.optional_hash(name)?)
    }

    pub(super) fn optional_hash(&self, name: &str) -> Result<Option<[u8; 32]>, Refusal> {
        let decode = |value: &Value| value.as_str().and_then(|hex| <[u8; 32]>::from_hex(hex).ok());
        self.optional(name, "32 bytes of hex", decode)
    }

    pub(super) fn key(&self, name: &str) -> Result<PublicKey, Refusal> {
        required(name, self.optional_key(name)?)
    }

    pub(super) fn optional_key(&self, name: &str) -> Result<Option<PublicKey>, Refusal> {
        let decode = |value: &Value| value.as_str().and_then(|hex| hex.parse().ok());
        self.optional(name, "a public key in hex", decode)
    }

    /// An absent or null value is `None`; one that `read` refuses is an error.
    fn optional<'b, T>(
        &'b self,
        name: &str,
        kind: &str,
        read: impl FnOnce(&'b Value) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match read(value) {
                Some(value) => Ok(Some(value)),
                None => Err(Refusal::invalid_params(format!("{name} must be {kind}"))),
            },
        }
    }
}

fn required<T>(name: &str, value: Option<T>) -> Result<T, Refusal> {
    value.ok_or_else(|| Refusal::invalid_params(format!("{name} is missing")))
}
