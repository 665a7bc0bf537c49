use bitcoin::secp256k1::PublicKey;
use lightning::blinded_path::payment::BlindedPaymentPath;
use lightning::blinded_path::{Direction, IntroductionNode};

/// A blinded payment path in its raw parts, as any node could hand it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentPath {
    /// BOLT 1's `sciddir_or_pubkey`: a 33-byte node id, or a direction byte and an 8-byte short channel id.
    pub introduction: Vec<u8>,
    /// The path key for the introduction node.
    pub first_path_key: PublicKey,
    /// From the introduction node to the recipient.
    pub hops: Vec<PathHop>,
    /// What the path costs and carries.
    pub payinfo: PayInfo,
}

/// One hop of a blinded path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathHop {
    /// The blinded id of the node.
    pub blinded_node_id: PublicKey,
    /// What only that node can read.
    pub encrypted_recipient_data: Vec<u8>,
}

/// BOLT 12's `blinded_payinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayInfo {
    /// The base fee of the whole path.
    pub fee_base_msat: u32,
    /// The proportional fee of the whole path.
    pub fee_proportional_millionths: u32,
    /// The blocks the path adds to an HTLC's expiry.
    pub cltv_expiry_delta: u16,
    /// The smallest HTLC the path carries.
    pub htlc_minimum_msat: u64,
    /// The largest HTLC the path carries.
    pub htlc_maximum_msat: u64,
    /// The feature bits, big-endian and without leading zeros.
    pub features: Vec<u8>,
}

impl From<&BlindedPaymentPath> for PaymentPath {
    fn from(path: &BlindedPaymentPath) -> PaymentPath {
        let hops = path.blinded_hops().iter().map(|hop| PathHop {
            blinded_node_id: hop.blinded_node_id,
            encrypted_recipient_data: hop.encrypted_payload.clone(),
        });
        let info = &path.payinfo;
        PaymentPath {
            introduction: introduction_bytes(path.introduction_node()),
            first_path_key: path.blinding_point(),
            hops: hops.collect(),
            payinfo: PayInfo {
                fee_base_msat: info.fee_base_msat,
                fee_proportional_millionths: info.fee_proportional_millionths,
                cltv_expiry_delta: info.cltv_expiry_delta,
                htlc_minimum_msat: info.htlc_minimum_msat,
                htlc_maximum_msat: info.htlc_maximum_msat,
                features: info
                    .features
                    .le_flags()
                    .iter()
                    .rev()
                    .skip_while(|byte| **byte == 0)
                    .copied()
                    .collect(),
            },
        }
    }
}

fn introduction_bytes(introduction: &IntroductionNode) -> Vec<u8> {
    match introduction {
        IntroductionNode::NodeId(node_id) => node_id.serialize().to_vec(),
        IntroductionNode::DirectedShortChannelId(direction, scid) => {
            let direction = match direction {
                Direction::NodeOne => 0,
                Direction::NodeTwo => 1,
            };
            [&[direction][..], &scid.to_be_bytes()].concat()
        }
    }
}
