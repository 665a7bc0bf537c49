use bitcoin::constants::ChainHash;
use bitcoin::secp256k1::{Keypair, Message, Secp256k1};
use invreq::bolt12::{
    encode_string, invoice_request_digest, merkle_root, BlindedHop, BlindedPath, Introduction, Kind,
    TlvStream, TlvWriter,
};

use super::{node, secret, NETWORK};

/// An invoice request in the making.
#[derive(Clone)]
pub struct Request {
    pub metadata: Vec<u8>,
    pub description: Option<String>,
    pub expiry: Option<u64>,
    pub amount_msat: u64,
    pub payer: u8,
    pub paths: Vec<BlindedPath>,
    pub note: Option<String>,
    pub signed: bool,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            metadata: vec![1; 16],
            description: Some("a refund".to_owned()),
            expiry: None,
            amount_msat: 50_000,
            payer: 66,
            paths: Vec::new(),
            note: None,
            signed: true,
        }
    }
}

impl Request {
    /// A request unlike those with other numbers.
    pub fn number(number: u32) -> Self {
        Self {
            metadata: number.to_be_bytes().to_vec(),
            ..Self::default()
        }
    }

    pub fn unsigned(mut self) -> Self {
        self.signed = false;
        self
    }

    pub fn amount(mut self, amount_msat: u64) -> Self {
        self.amount_msat = amount_msat;
        self
    }

    pub fn expires(mut self, at: u64) -> Self {
        self.expiry = Some(at);
        self
    }

    pub fn no_description(mut self) -> Self {
        self.description = None;
        self
    }

    /// With one path per introduction node, each ending at the payer.
    pub fn paths_over(mut self, introductions: &[u8]) -> Self {
        self.paths = introductions.iter().map(|number| path_over(*number)).collect();
        self
    }

    pub fn path(mut self, path: BlindedPath) -> Self {
        self.paths.push(path);
        self
    }

    pub fn text(&self) -> String {
        encode_string(Kind::InvoiceRequest, &self.bytes())
    }

    pub fn bytes(&self) -> Vec<u8> {
        let unsigned = self.write(None);
        if !self.signed {
            return unsigned;
        }
        let secp = Secp256k1::new();
        let digest = invoice_request_digest(&merkle_root(&TlvStream::parse(unsigned).unwrap()).unwrap());
        let pair = Keypair::from_secret_key(&secp, &secret(self.payer));
        let signature = secp.sign_schnorr_no_aux_rand(&Message::from_digest(digest), &pair);
        self.write(Some(signature.serialize()))
    }

    fn write(&self, signature: Option<[u8; 64]>) -> Vec<u8> {
        let mut out = TlvWriter::new();
        out.record(0, &self.metadata).unwrap();
        if let Some(description) = &self.description {
            out.record(10, description.as_bytes()).unwrap();
        }
        if let Some(expiry) = self.expiry {
            out.integer(14, expiry).unwrap();
        }
        let chain = ChainHash::using_genesis_block(NETWORK).to_bytes();
        out.record(80, &chain).unwrap();
        out.integer(82, self.amount_msat).unwrap();
        out.record(88, &node(self.payer).serialize()).unwrap();
        if let Some(note) = &self.note {
            out.record(89, note.as_bytes()).unwrap();
        }
        if !self.paths.is_empty() {
            let mut bytes = Vec::new();
            self.paths.iter().for_each(|path| path.write(&mut bytes).unwrap());
            out.record(90, &bytes).unwrap();
        }
        if let Some(signature) = signature {
            out.record(240, &signature).unwrap();
        }
        out.into_bytes()
    }
}

/// A blinded path of one made-up hop behind this node.
pub fn path_over(introduction: u8) -> BlindedPath {
    BlindedPath {
        introduction: Introduction::NodeId(node(introduction)),
        path_key: node(101),
        hops: vec![BlindedHop {
            blinded_node_id: node(102),
            encrypted_recipient_data: vec![9; 50],
        }],
    }
}
