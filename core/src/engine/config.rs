//! What an engine has to know about its wallet.

use bitcoin::constants::ChainHash;
use bitcoin::Network;

use crate::engine::layout::Layout;
use crate::{Error, ErrorCode, Result};

/// What an engine has to know about its wallet. A store remembers it, and is refused for any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The network the wallet lives on.
    pub network: Network,
    /// Tells wallets in one store apart: 1 to 64 letters, digits, `-`, `_` or `.`.
    pub wallet_id: String,
}

impl Config {
    /// The wallet named `main` on this network.
    pub fn new(network: Network) -> Self {
        Self {
            network,
            wallet_id: "main".to_owned(),
        }
    }

    /// Where the wallet's entries lie in its store: what [`export`](crate::store::export) and
    /// [`import`](crate::store::import) ask for.
    pub fn store_prefix(&self) -> Vec<u8> {
        Layout::new(&self.wallet_id).prefix().to_vec()
    }

    /// Where the wallet's revision lies in its store.
    pub fn revision_key(&self) -> Vec<u8> {
        Layout::new(&self.wallet_id).revision()
    }

    /// The genesis hash of the network, as BOLT 12 writes it.
    pub(crate) fn chain(&self) -> [u8; 32] {
        ChainHash::using_genesis_block(self.network).to_bytes()
    }

    /// Says why no engine can be made with it: the wallet id is [`InvalidParameter`](ErrorCode::InvalidParameter).
    pub fn check(&self) -> Result<()> {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if self.wallet_id.is_empty() || self.wallet_id.len() > 64 || !self.wallet_id.chars().all(good) {
            let message = "a wallet id is 1 to 64 letters, digits, '-', '_' or '.'";
            return Err(Error::new(ErrorCode::InvalidParameter, message));
        }
        Ok(())
    }
}
