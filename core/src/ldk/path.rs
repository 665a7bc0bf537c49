//! LDK's payment paths as this library has them.

use lightning::blinded_path::payment::BlindedPaymentPath;
use lightning::blinded_path::{Direction, IntroductionNode};

use crate::bolt12::{BlindedHop, BlindedPath, Introduction, PayInfo, PaymentPath};

pub(super) fn from_ldk(path: &BlindedPaymentPath) -> PaymentPath {
    let hops = path.blinded_hops().iter().map(|hop| BlindedHop {
        blinded_node_id: hop.blinded_node_id,
        encrypted_recipient_data: hop.encrypted_payload.clone(),
    });
    let info = &path.payinfo;
    // LDK keeps features with the lowest bits first; on the wire they come last, and without leading zeros.
    let features = info
        .features
        .le_flags()
        .iter()
        .rev()
        .skip_while(|byte| **byte == 0);
    PaymentPath {
        path: BlindedPath {
            introduction: introduction(path.introduction_node()),
            path_key: path.blinding_point(),
            hops: hops.collect(),
        },
        payinfo: PayInfo {
            fee_base_msat: info.fee_base_msat,
            fee_proportional_millionths: info.fee_proportional_millionths,
            cltv_expiry_delta: info.cltv_expiry_delta,
            htlc_minimum_msat: info.htlc_minimum_msat,
            htlc_maximum_msat: info.htlc_maximum_msat,
            features: features.copied().collect(),
        },
    }
}

fn introduction(node: &IntroductionNode) -> Introduction {
    match node {
        IntroductionNode::NodeId(node_id) => Introduction::NodeId(*node_id),
        IntroductionNode::DirectedShortChannelId(direction, scid) => Introduction::Scid {
            direction: match direction {
                Direction::NodeOne => 0,
                Direction::NodeTwo => 1,
            },
            scid: *scid,
        },
    }
}
