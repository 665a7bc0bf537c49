//! The fields of offers, invoice requests and invoices: one table.

use core::ops::RangeInclusive;

use super::string::Kind;

/// A row of the field table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// The TLV type number.
    pub number: u64,
    /// The name in BOLT 12.
    pub name: &'static str,
    /// How the value is encoded.
    pub value: ValueType,
    /// What the field means, in one line.
    pub meaning: &'static str,
}

/// How the value of a field is encoded (BOLT 1, Fundamental Types).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// Bytes without structure.
    Bytes,
    /// UTF-8.
    Text,
    /// A truncated integer of up to eight bytes.
    Number,
    /// A truncated integer: msat.
    Msat,
    /// A truncated integer: seconds since 1970.
    Time,
    /// A truncated integer of up to four bytes: seconds.
    Seconds,
    /// One chain: the hash of its genesis block, 32 bytes.
    Chain,
    /// Any number of chains.
    Chains,
    /// Feature bits, big-endian.
    Features,
    /// A compressed public key, 33 bytes.
    Point,
    /// Any number of blinded paths.
    Paths,
    /// Any number of payinfos, one for each path.
    PayInfos,
    /// A BIP 353 name: two sized parts, the name and the domain.
    Name,
    /// A SHA-256 hash, 32 bytes.
    Hash,
    /// Any number of on-chain addresses.
    Fallbacks,
    /// A BIP 340 signature, 64 bytes.
    Signature,
}

/// Every field, in the order of their numbers (BOLT 12, field tables).
#[rustfmt::skip] // a table reads best as a table
pub const FIELDS: &[FieldInfo] = {
    use ValueType as V;
    &[
        row(INVREQ_METADATA, "invreq_metadata", V::Bytes, "unpredictable bytes that make the request unique"),
        row(OFFER_CHAINS, "offer_chains", V::Chains, "the chains the offer can be paid on; bitcoin if absent"),
        row(OFFER_METADATA, "offer_metadata", V::Bytes, "bytes for whoever made the offer"),
        row(OFFER_CURRENCY, "offer_currency", V::Text, "the ISO 4217 currency of offer_amount; bitcoin if absent"),
        row(OFFER_AMOUNT, "offer_amount", V::Number, "the amount for one item: msat, or minor units of offer_currency"),
        row(OFFER_DESCRIPTION, "offer_description", V::Text, "what the payment is for"),
        row(OFFER_FEATURES, "offer_features", V::Features, "features needed to use the offer"),
        row(OFFER_ABSOLUTE_EXPIRY, "offer_absolute_expiry", V::Time, "the time after which it must not be used any more"),
        row(OFFER_PATHS, "offer_paths", V::Paths, "ways to reach whoever made the offer"),
        row(OFFER_ISSUER, "offer_issuer", V::Text, "who made it, in their own words"),
        row(OFFER_QUANTITY_MAX, "offer_quantity_max", V::Number, "how many items one invoice can be for; 0 is no limit"),
        row(OFFER_ISSUER_ID, "offer_issuer_id", V::Point, "the key that signs invoices for the offer"),
        row(INVREQ_CHAIN, "invreq_chain", V::Chain, "the chain of the payment; bitcoin if absent"),
        row(INVREQ_AMOUNT, "invreq_amount", V::Msat, "the amount the payer will pay"),
        row(INVREQ_FEATURES, "invreq_features", V::Features, "features needed to answer the request"),
        row(INVREQ_QUANTITY, "invreq_quantity", V::Number, "how many items the payer asks for"),
        row(INVREQ_PAYER_ID, "invreq_payer_id", V::Point, "the key of the payer, mostly used only once"),
        row(INVREQ_PAYER_NOTE, "invreq_payer_note", V::Text, "a note from the payer"),
        row(INVREQ_PATHS, "invreq_paths", V::Paths, "ways to reach the payer"),
        row(INVREQ_BIP_353_NAME, "invreq_bip_353_name", V::Name, "the user@domain under which the payer found the offer"),
        row(INVOICE_PATHS, "invoice_paths", V::Paths, "ways to pay the payee"),
        row(INVOICE_BLINDEDPAY, "invoice_blindedpay", V::PayInfos, "what each of the paths costs and carries"),
        row(INVOICE_CREATED_AT, "invoice_created_at", V::Time, "when the invoice was made"),
        row(INVOICE_RELATIVE_EXPIRY, "invoice_relative_expiry", V::Seconds, "how long it can be paid; 7200 seconds if absent"),
        row(INVOICE_PAYMENT_HASH, "invoice_payment_hash", V::Hash, "the hash of the preimage that the payment reveals"),
        row(INVOICE_AMOUNT, "invoice_amount", V::Msat, "the least amount that is accepted"),
        row(INVOICE_FALLBACKS, "invoice_fallbacks", V::Fallbacks, "on-chain addresses that can be paid instead"),
        row(INVOICE_FEATURES, "invoice_features", V::Features, "features of the payment: bit 17 allows several parts, bit 16 requires them"),
        row(INVOICE_NODE_ID, "invoice_node_id", V::Point, "the key that signed the invoice"),
        row(SIGNATURE, "signature", V::Signature, "the signature over all other fields"),
    ]
};

macro_rules! numbers {
    ($($name:ident = $number:literal;)*) => {
        /// The type numbers of the fields.
        pub mod number {
            $(#[doc = concat!("The type number of `", stringify!($name), "`.")] pub const $name: u64 = $number;)*
        }
        use number::*;
    };
}

numbers! {
    INVREQ_METADATA = 0;
    OFFER_CHAINS = 2;
    OFFER_METADATA = 4;
    OFFER_CURRENCY = 6;
    OFFER_AMOUNT = 8;
    OFFER_DESCRIPTION = 10;
    OFFER_FEATURES = 12;
    OFFER_ABSOLUTE_EXPIRY = 14;
    OFFER_PATHS = 16;
    OFFER_ISSUER = 18;
    OFFER_QUANTITY_MAX = 20;
    OFFER_ISSUER_ID = 22;
    INVREQ_CHAIN = 80;
    INVREQ_AMOUNT = 82;
    INVREQ_FEATURES = 84;
    INVREQ_QUANTITY = 86;
    INVREQ_PAYER_ID = 88;
    INVREQ_PAYER_NOTE = 89;
    INVREQ_PATHS = 90;
    INVREQ_BIP_353_NAME = 91;
    INVOICE_PATHS = 160;
    INVOICE_BLINDEDPAY = 162;
    INVOICE_CREATED_AT = 164;
    INVOICE_RELATIVE_EXPIRY = 166;
    INVOICE_PAYMENT_HASH = 168;
    INVOICE_AMOUNT = 170;
    INVOICE_FALLBACKS = 172;
    INVOICE_FEATURES = 174;
    INVOICE_NODE_ID = 176;
    SIGNATURE = 240;
}

/// The name of the field with this number, or `None` if BOLT 12 does not define it.
pub fn field_name(number: u64) -> Option<&'static str> {
    field_info(number).map(|info| info.name)
}

/// The row of the field with this number, or `None` if BOLT 12 does not define it.
pub fn field_info(number: u64) -> Option<&'static FieldInfo> {
    let index = FIELDS.binary_search_by_key(&number, |info| info.number).ok()?;
    FIELDS.get(index)
}

/// The types an invoice repeats from its request, known or not: 0 to 159 and 1000000000 to 2999999999.
pub fn is_mirrored(number: u64) -> bool {
    REQUEST_RANGES.iter().any(|range| range.contains(&number))
}

impl Kind {
    /// Whether messages of this kind define the field.
    pub(crate) fn defines(self, number: u64) -> bool {
        match self {
            Self::Offer => is_offer_field(number),
            Self::InvoiceRequest => is_mirrored(number) || number == SIGNATURE,
            Self::Invoice => true,
        }
    }

    /// Whether the type lies in the ranges of this kind. The rules for invoices name none.
    pub(crate) fn allows(self, number: u64) -> bool {
        match self {
            Self::Offer => is_offer_field(number),
            Self::InvoiceRequest => is_mirrored(number) || super::merkle::SIGNATURE_TYPES.contains(&number),
            Self::Invoice => true,
        }
    }
}

/// The types of an offer: 1 to 79 and 1000000000 to 1999999999.
pub(crate) fn is_offer_field(number: u64) -> bool {
    OFFER_RANGES.iter().any(|range| range.contains(&number))
}

const OFFER_RANGES: [RangeInclusive<u64>; 2] = [1..=79, 1_000_000_000..=1_999_999_999];
const REQUEST_RANGES: [RangeInclusive<u64>; 2] = [0..=159, 1_000_000_000..=2_999_999_999];

const fn row(number: u64, name: &'static str, value: ValueType, meaning: &'static str) -> FieldInfo {
    FieldInfo {
        number,
        name,
        value,
        meaning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_ascends_and_names_are_unique() {
        assert!(FIELDS.windows(2).all(|pair| pair[0].number < pair[1].number));
        let mut names: Vec<_> = FIELDS.iter().map(|info| info.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FIELDS.len());
        assert_eq!(field_name(90), Some("invreq_paths"));
        assert_eq!(field_name(93), None);
    }
}
