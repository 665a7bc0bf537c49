/// A rule that a message or a call can break: a stable id, and the place in the BOLTs that states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A stable kebab-case id.
    pub id: &'static str,
    /// The document and section.
    pub section: &'static str,
}

/// Every rule an error or a warning can cite.
pub mod rules {
    use super::Rule;

    const ENCODING: &str = "BOLT 12, Encoding";
    const TLV: &str = "BOLT 1, Type-Length-Value Format";
    const TYPES: &str = "BOLT 1, Fundamental Types";
    const OFFERS: &str = "BOLT 12, Requirements for Offers";
    const REQUESTS: &str = "BOLT 12, Requirements for Invoice Requests";
    const INVOICES: &str = "BOLT 12, Invoices";
    const SIGNATURES: &str = "BOLT 12, Signature Calculation";
    const ERRORS: &str = "BOLT 12, Invoice Errors";
    const ONION: &str = "BOLT 4, Onion Messages";
    const HANDSHAKES: &str = "BOLT 8, Authenticated Key Exchange Handshake Specification";
    const MESSAGES: &str = "BOLT 8, Lightning Message Specification";
    const FORMAT: &str = "BOLT 1, Lightning Message Format";
    const INIT: &str = "BOLT 1, The init Message";
    const FAILURES: &str = "BOLT 4, Failure Messages";

    macro_rules! rules {
        ($($name:ident = ($id:literal, $section:expr);)*) => {
            $(#[doc = $id] pub const $name: Rule = Rule { id: $id, section: $section };)*
            /// Every rule, in the order of this table.
            pub const ALL: &[Rule] = &[$($name),*];
        };
    }

    rules! {
        STRING_LIMIT = ("string-limit", ENCODING);
        PREFIX = ("prefix", ENCODING);
        SINGLE_CASE = ("single-case", ENCODING);
        BECH32_CHARACTER = ("bech32-character", ENCODING);
        CONTINUATION = ("continuation", ENCODING);
        PADDING = ("padding", ENCODING);
        NOT_EMPTY = ("not-empty", ENCODING);
        TLV_LENGTH = ("tlv-length", TLV);
        TLV_MINIMAL = ("tlv-minimal", TLV);
        TLV_ASCENDING = ("tlv-ascending", TLV);
        TLV_UNKNOWN_EVEN = ("tlv-unknown-even", TLV);
        TLV_EXACT_LENGTH = ("tlv-exact-length", TLV);
        TRUNCATED_INTEGER = ("truncated-integer", TYPES);
        MSAT_MAXIMUM = ("msat-maximum", TYPES);
        POINT = ("point", TYPES);
        SCIDDIR_OR_PUBKEY = ("sciddir-or-pubkey", TYPES);
        UTF8 = ("utf8", TYPES);
        LIMITS = ("limits", ENCODING);
        OFFER_RANGE = ("offer-range", OFFERS);
        OFFER_FEATURES = ("offer-features", OFFERS);
        OFFER_DESCRIPTION = ("offer-description", OFFERS);
        OFFER_AMOUNT = ("offer-amount", OFFERS);
        OFFER_CURRENCY = ("offer-currency", OFFERS);
        OFFER_CHAINS = ("offer-chains", OFFERS);
        OFFER_ISSUER_ID = ("offer-issuer-id", OFFERS);
        OFFER_PATHS = ("offer-paths", OFFERS);
        INVREQ_RANGE = ("invreq-range", REQUESTS);
        INVREQ_METADATA = ("invreq-metadata", REQUESTS);
        INVREQ_PAYER_ID = ("invreq-payer-id", REQUESTS);
        INVREQ_FEATURES = ("invreq-features", REQUESTS);
        INVREQ_SIGNATURE = ("invreq-signature", REQUESTS);
        INVREQ_PATHS = ("invreq-paths", REQUESTS);
        INVREQ_WITHOUT_OFFER = ("invreq-without-offer", REQUESTS);
        INVREQ_AMOUNT = ("invreq-amount", REQUESTS);
        INVREQ_CHAIN = ("invreq-chain", REQUESTS);
        INVREQ_BIP_353_NAME = ("invreq-bip-353-name", REQUESTS);
        INVREQ_EXPIRY = ("invreq-expiry", REQUESTS);
        INVREQ_QUANTITY = ("invreq-quantity", REQUESTS);
        INVREQ_DESCRIPTION = ("invreq-description", REQUESTS);
        INVREQ_WRITER_FIELDS = ("invreq-writer-fields", REQUESTS);
        INVOICE_AMOUNT = ("invoice-amount", INVOICES);
        INVOICE_CREATED_AT = ("invoice-created-at", INVOICES);
        INVOICE_PAYMENT_HASH = ("invoice-payment-hash", INVOICES);
        INVOICE_NODE_ID = ("invoice-node-id", INVOICES);
        INVOICE_FEATURES = ("invoice-features", INVOICES);
        INVOICE_EXPIRY = ("invoice-expiry", INVOICES);
        INVOICE_PATHS = ("invoice-paths", INVOICES);
        INVOICE_BLINDEDPAY = ("invoice-blindedpay", INVOICES);
        INVOICE_MIRRORS_REQUEST = ("invoice-mirrors-request", INVOICES);
        INVOICE_SIGNATURE = ("invoice-signature", SIGNATURES);
        INVOICE_ERROR = ("invoice-error", ERRORS);
        ONION_PACKET = ("onion-packet", ONION);
        ONION_REPLY = ("onion-reply", ONION);
        HANDSHAKE = ("handshake", HANDSHAKES);
        TRANSPORT = ("transport", MESSAGES);
        PEER_MESSAGE = ("peer-message", FORMAT);
        PEER_INIT = ("peer-init", INIT);
        AMOUNT_RECEIVED = ("amount-received", FAILURES);
        PAYMENT_IN_TIME = ("payment-in-time", FAILURES);
    }
}
