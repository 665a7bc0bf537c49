//! Values of fields as text for a person.

use crate::ids::hex;

use super::units;
use crate::bolt12::limits::MAX_SHOWN_CHARS;
use crate::bolt12::{
    chain_name, clean, field_info, number, read_fallbacks, read_paths, read_payinfos, set_bits, Bip353Name,
    Bolt12, Introduction, Points, TlvRecord, ValueType,
};

/// The value of a well-formed record. The other records of the message are needed for amounts in a currency.
pub(super) fn show(record: &TlvRecord<'_>, all: &[TlvRecord<'_>]) -> String {
    let value = record.value;
    let integer = || {
        value
            .iter()
            .take(8)
            .fold(0u64, |number, digit| number << 8 | u64::from(*digit))
    };
    let Some(info) = field_info(record.number) else {
        return hex(value);
    };
    match info.value {
        ValueType::Bytes | ValueType::Hash | ValueType::Signature | ValueType::Point => hex(value),
        ValueType::Text => untrusted(value),
        ValueType::Number if record.number == number::OFFER_AMOUNT => {
            match all.iter().find(|other| other.number == number::OFFER_CURRENCY) {
                Some(currency) => format!("{} minor units of {}", integer(), untrusted(currency.value)),
                None => units::amount(integer()),
            }
        }
        ValueType::Number => integer().to_string(),
        ValueType::Msat => units::amount(integer()),
        ValueType::Time => units::time(integer()),
        ValueType::Seconds => format!("{} seconds", integer()),
        ValueType::Chain | ValueType::Chains => list(value.chunks(32).map(chain)),
        ValueType::Features => features(value),
        ValueType::Paths => paths(value),
        ValueType::PayInfos => payinfos(value),
        ValueType::Name => Bip353Name::read(value)
            .map(|name| name.to_string())
            .unwrap_or_default(),
        ValueType::Fallbacks => list(
            read_fallbacks(value)
                .unwrap_or_default()
                .iter()
                .map(|fallback| format!("witness version {}: {}", fallback.version, hex(&fallback.program))),
        ),
    }
}

/// One sentence on what a message is about.
pub(super) fn summary(message: &Bolt12) -> String {
    let (mut text, description) = match message {
        Bolt12::Offer(offer) => {
            let amount = match (offer.offer_amount(), offer.offer_currency()) {
                (Some(amount), None) => units::sat(amount),
                (Some(amount), Some(currency)) => format!("{amount} minor units of {}", clean(currency, 20)),
                (None, _) => "any amount".to_owned(),
            };
            (format!("An offer to be paid {amount}"), offer.description())
        }
        Bolt12::InvoiceRequest(request) => {
            let amount = request
                .amount_msat()
                .map_or("an amount it does not name".to_owned(), units::sat);
            let what = if request.answers_offer() {
                "A payer who took up an offer"
            } else {
                "A payer"
            };
            (
                format!("{what} asks for an invoice over {amount}"),
                request.description(),
            )
        }
        Bolt12::Invoice(invoice) => {
            let amount = invoice
                .amount_msat()
                .map_or("an amount it does not name".to_owned(), units::sat);
            (format!("An invoice over {amount}"), invoice.description())
        }
    };
    let chain = match message {
        Bolt12::Offer(_) => None,
        Bolt12::InvoiceRequest(request) => Some(request.chain()),
        Bolt12::Invoice(invoice) => Some(invoice.chain()),
    };
    match chain.map(|chain| chain_name(&chain)) {
        None | Some(Some("bitcoin")) => {}
        Some(name) => text.push_str(&format!(" on {}", name.unwrap_or("an unknown chain"))),
    }
    match description {
        Some(description) => format!("{text}, for “{}”.", clean(description, MAX_SHOWN_CHARS)),
        None => format!("{text}."),
    }
}

fn untrusted(value: &[u8]) -> String {
    clean(&String::from_utf8_lossy(value), MAX_SHOWN_CHARS)
}

fn chain(hash: &[u8]) -> String {
    let name = hash.try_into().ok().and_then(chain_name);
    name.map_or_else(|| format!("unknown chain {}", hex(hash)), str::to_owned)
}

fn features(value: &[u8]) -> String {
    /// More bits than this are counted, not listed.
    const LISTED: usize = 32;
    let count = set_bits(value).count();
    let bits = joined(set_bits(value).take(LISTED).map(|bit| bit.to_string()), ", ");
    match (count, count.saturating_sub(LISTED)) {
        (0, _) => "none".to_owned(),
        (1, _) => format!("bit {bits}"),
        (_, 0) => format!("bits {bits}"),
        (_, more) => format!("bits {bits} and {more} more"),
    }
}

fn paths(value: &[u8]) -> String {
    let paths = read_paths(value, &mut Points::default()).unwrap_or_default();
    list(paths.iter().map(|path| {
        let hops = path.hops.len();
        format!(
            "from {}, {hops} {}",
            introduction(&path.introduction),
            if hops == 1 { "hop" } else { "hops" }
        )
    }))
}

fn introduction(introduction: &Introduction) -> String {
    match introduction {
        Introduction::NodeId(key) => format!("node {key}"),
        Introduction::Scid { direction, scid } => {
            let (block, transaction, output) = (scid >> 40, scid >> 16 & 0xff_ffff, scid & 0xffff);
            format!("end {direction} of channel {block}x{transaction}x{output}")
        }
    }
}

fn payinfos(value: &[u8]) -> String {
    list(read_payinfos(value).unwrap_or_default().iter().map(|info| {
        let features = match info.features.as_slice() {
            [] => String::new(),
            some => format!(", features: {}", features(some)),
        };
        format!(
            "fee {} msat + {} millionths, {} blocks, HTLCs of {} to {} msat{features}",
            info.fee_base_msat,
            info.fee_proportional_millionths,
            info.cltv_expiry_delta,
            info.htlc_minimum_msat,
            info.htlc_maximum_msat,
        )
    }))
}

fn list(entries: impl Iterator<Item = String>) -> String {
    let list = joined(entries, "; ");
    if list.is_empty() {
        return "none".to_owned();
    }
    list
}

fn joined(entries: impl Iterator<Item = String>, between: &str) -> String {
    let mut list = String::new();
    for entry in entries {
        if !list.is_empty() {
            list.push_str(between);
        }
        list.push_str(&entry);
    }
    list
}
