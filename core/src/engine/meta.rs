//! The first entry of a wallet: whose store it is, and the counters.

use crate::bolt12::{TlvStream, TlvWriter};
use crate::engine::codec::{corrupt, read_fixed, read_integer, read_text};
use crate::engine::keys::Keys;
use crate::engine::state::Counters;
use crate::engine::Config;
use crate::{Error, ErrorCode, Result};

/// The version of everything the engine writes. A store of a later one is refused.
const FORMAT: u64 = 1;

const FORMAT_VERSION: u64 = 0;
const CHAIN: u64 = 2;
const WALLET_ID: u64 = 4;
const SEED_FINGERPRINT: u64 = 6;
const CREATED: u64 = 8;
const UPDATED: u64 = 10;
const PAID: u64 = 12;
const LAST_MS: u64 = 14;

pub(crate) fn encode(config: &Config, keys: &Keys, counters: &Counters) -> Vec<u8> {
    let write = || -> Result<TlvWriter> {
        let mut out = TlvWriter::new();
        out.integer(FORMAT_VERSION, FORMAT)?;
        out.record(CHAIN, &config.chain())?;
        out.record(WALLET_ID, config.wallet_id.as_bytes())?;
        out.record(SEED_FINGERPRINT, &keys.fingerprint())?;
        out.integer(CREATED, counters.created)?;
        out.integer(UPDATED, counters.updated)?;
        out.integer(PAID, counters.paid)?;
        out.integer(LAST_MS, counters.last_ms)?;
        Ok(out)
    };
    // The numbers ascend, so the writer has nothing to refuse.
    write().map(TlvWriter::into_bytes).unwrap_or_default()
}

/// The counters, once it is clear that the store is ours.
pub(crate) fn decode(config: &Config, keys: &Keys, bytes: &[u8]) -> Result<Counters> {
    let stream = TlvStream::parse(bytes.to_vec()).map_err(|_| corrupt("a first entry"))?;
    let need = |number| stream.get(number).ok_or_else(|| corrupt("a first entry"));
    let integer = |number| need(number).and_then(read_integer);
    if integer(FORMAT_VERSION)? != FORMAT {
        return Err(wrong_store("was written by a later version"));
    }
    if read_fixed::<32>(need(CHAIN)?)? != config.chain() {
        return Err(wrong_store("belongs to another network"));
    }
    if read_text(need(WALLET_ID)?)? != config.wallet_id {
        return Err(wrong_store("belongs to another wallet"));
    }
    if read_fixed::<8>(need(SEED_FINGERPRINT)?)? != keys.fingerprint() {
        return Err(wrong_store("was made with another seed"));
    }
    Ok(Counters {
        created: integer(CREATED)?,
        updated: integer(UPDATED)?,
        paid: integer(PAID)?,
        last_ms: integer(LAST_MS)?,
    })
}

fn wrong_store(why: &str) -> Error {
    Error::new(ErrorCode::WrongStore, format!("the store {why}"))
}
