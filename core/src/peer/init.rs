//! The `init` message: what each side does, and on which chains (BOLT 1, The `init` Message).

use super::wire::{counted, message, INIT};
use crate::bolt12::{set_bits, unknown_even_bit, Reader, TlvStream, TlvWriter};
use crate::{rules, Error, ErrorCode, Result};

const ONION_MESSAGES: usize = 39;

/// What we offer, all of it optional: to take and send onion messages, and, because nodes hang up on whoever does not,
/// what BOLT 9 says everybody has (`ASSUMED`): data loss protection, variable onions, static remote keys, payment
/// secrets, channel types. They promise nothing but how to open channels and pay, and this peer does neither.
///
/// Not `gossip_queries`, which today means "ask me about the graph".
const OFFERED: [usize; 6] = [1, 9, 13, 15, ONION_MESSAGES, 45];

/// The even bits of BOLT 9, and two that it had once. Whoever sets one requires it for channels or payments, which are
/// no matter here; any other even bit could be about anything.
const KNOWN: [usize; 25] = [
    0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 34, 36, 38, 42, 44, 46, 48, 50, 60, 62,
];

const NETWORKS: u64 = 1;

/// What a peer said of itself.
pub(super) struct Init {
    features: [Vec<u8>; 2],
    networks: Option<Vec<u8>>,
}

impl Init {
    pub(super) fn read(payload: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(payload);
        let features = [counted(&mut reader)?.to_vec(), counted(&mut reader)?.to_vec()];
        let tlvs = TlvStream::parse(reader.rest().to_vec())?;
        let networks = tlvs.get(NETWORKS).map(<[u8]>::to_vec);
        let whole = networks.as_ref().is_none_or(|hashes| hashes.len() % 32 == 0);
        if !whole || tlvs.records().any(|record| record.number & 1 == 0) {
            return Err(Error::new(
                ErrorCode::InvalidValue,
                "the records of init cannot be read",
            ));
        }
        Ok(Self { features, networks })
    }

    /// Whether a connection can go on.
    pub(super) fn check(&self, chain: &[u8; 32]) -> Result<()> {
        // The two bitmaps count as one.
        for features in &self.features {
            if let Some(bit) = unknown_even_bit(features, &KNOWN) {
                return Err(incompatible(format!(
                    "the peer requires the unknown feature {bit}"
                )));
            }
        }
        // An empty list says as little as none.
        let elsewhere = |hashes: &&Vec<u8>| !hashes.is_empty() && hashes.chunks(32).all(|hash| hash != chain);
        if self.networks.as_ref().filter(elsewhere).is_some() {
            return Err(incompatible("the peer is not on this chain".to_owned()));
        }
        Ok(())
    }

    /// Whether the peer takes and sends onion messages.
    pub(super) fn offers_onion_messages(&self) -> bool {
        let mut bits = self.features.iter().flat_map(|features| set_bits(features));
        bits.any(|bit| bit | 1 == ONION_MESSAGES)
    }
}

/// Our own.
pub(super) fn init_message(chain: &[u8; 32]) -> Result<Vec<u8>> {
    let features = bitmap(&OFFERED);
    let len = u16::try_from(features.len()).unwrap_or_default();
    let mut tlvs = TlvWriter::new();
    tlvs.record(NETWORKS, chain)?;
    let parts: [&[u8]; 4] = [&[0, 0], &len.to_be_bytes(), &features, tlvs.as_bytes()];
    Ok(message(INIT, &parts))
}

/// The least bits stand in the last byte.
fn bitmap(bits: &[usize]) -> Vec<u8> {
    let longest = bits.iter().max().map_or(0, |bit| (bit >> 3).saturating_add(1));
    let byte = |index| {
        let of_byte = bits.iter().filter(|bit| **bit >> 3 == index);
        of_byte.fold(0, |byte, bit| byte | 1 << (bit & 7))
    };
    (0..longest).rev().map(byte).collect()
}

fn incompatible(message: String) -> Error {
    Error::new(ErrorCode::PeerIncompatible, message).with_rule(rules::PEER_INIT)
}
