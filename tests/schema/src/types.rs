use serde_json::Value;

/// A type of Core Lightning's own, as JSON Schema.
pub struct RpcType {
    /// Its name in the result's `$defs`.
    pub name: &'static str,
    json: &'static str,
}

/// Which half of a command a schema describes: amounts may be written in more ways than they are answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Request,
    Response,
}

const U32: RpcType = RpcType {
    name: "u32",
    json: r#"{ "type": "integer", "minimum": 0, "maximum": 4294967295 }"#,
};
const U64: RpcType = RpcType {
    name: "u64",
    json: r#"{ "type": "integer", "minimum": 0, "maximum": 18446744073709551615 }"#,
};
// The length stands beside the pattern because `$` lets a final line break pass in some regular expressions.
const HASH: RpcType = RpcType {
    name: "hash",
    json: r#"{ "type": "string", "pattern": "^[0-9a-fA-F]{64}$", "maxLength": 64 }"#,
};
const SECRET: RpcType = RpcType {
    name: "secret",
    ..HASH
};
const MSAT: RpcType = RpcType { name: "msat", ..U64 };
const MSAT_REQUEST: RpcType = RpcType {
    name: "msat_request",
    json: r##"{ "anyOf": [
        { "$ref": "#/$defs/msat" },
        { "type": "string", "pattern": "^([0-9]+(msat|sat)?|[0-9]+(\\.[0-9]{1,11})?btc)$" }
    ] }"##,
};

/// Every definition, in the order of their names.
pub const ALL: &[RpcType] = &[HASH, MSAT, MSAT_REQUEST, SECRET, U32, U64];

impl RpcType {
    /// The type of this name, on this side.
    pub fn find(name: &str, side: Side) -> Option<&'static Self> {
        let name = match (name, side) {
            ("msat", Side::Request) => "msat_request",
            ("msat_request", _) => return None,
            _ => name,
        };
        ALL.iter().find(|rpc_type| rpc_type.name == name)
    }

    /// The type as JSON Schema.
    pub fn schema(&self) -> Result<Value, String> {
        serde_json::from_str(self.json).map_err(|error| format!("{}: {error}", self.name))
    }
}
