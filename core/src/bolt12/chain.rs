//! Chains: a 32-byte hash in messages, a name for people.

use bitcoin::constants::ChainHash;

/// The chain hash of bitcoin, which is meant where a message names no chain: the hash of its genesis block, in internal
/// byte order.
pub const BITCOIN: [u8; 32] = [
    0x6f, 0xe2, 0x8c, 0x0a, 0xb6, 0xf1, 0xb3, 0x72, 0xc1, 0xa6, 0xa2, 0x46, 0xae, 0x63, 0xf7, 0x4f, 0x93,
    0x1e, 0x83, 0x65, 0xe1, 0x5a, 0x08, 0x9c, 0x68, 0xd6, 0x19, 0, 0, 0, 0, 0,
];

/// The hash of the chain with this name: `bitcoin`, `testnet`, `testnet4`, `signet` or `regtest`.
pub fn chain_hash(name: &str) -> Option<[u8; 32]> {
    let found = CHAINS.iter().find(|(known, _)| *known == name);
    found.map(|(_, hash)| hash.to_bytes())
}

/// The name of the chain with this hash.
pub fn chain_name(hash: &[u8; 32]) -> Option<&'static str> {
    let found = CHAINS.iter().find(|(_, known)| known.as_bytes() == hash);
    found.map(|(name, _)| *name)
}

const CHAINS: [(&str, ChainHash); 5] = [
    ("bitcoin", ChainHash::BITCOIN),
    ("testnet", ChainHash::TESTNET3),
    ("testnet4", ChainHash::TESTNET4),
    ("signet", ChainHash::SIGNET),
    ("regtest", ChainHash::REGTEST),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_hash() {
        assert_eq!(chain_hash("bitcoin"), Some(BITCOIN));
        for (name, hash) in CHAINS {
            assert_eq!(chain_name(&hash.to_bytes()), Some(name));
            assert_eq!(chain_hash(name), Some(hash.to_bytes()));
        }
        assert_eq!(chain_name(&[0; 32]), None);
        assert_eq!(chain_hash("litecoin"), None);
    }
}
