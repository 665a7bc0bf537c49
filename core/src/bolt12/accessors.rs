//! The accessors that several kinds of message share, once per field.

/// What every message has: its bytes, its string, its records. `$message` is the field with the [`Message`].
///
/// [`Message`]: super::message::Message
macro_rules! common {
    ($type:ident, $kind:expr) => {
        impl $type {
            /// Reads the bytes of the message, as they come in an onion message or a database.
            ///
            /// # Errors
            /// As [`from_str`](core::str::FromStr::from_str), without those of the string.
            pub fn from_bytes(bytes: Vec<u8>) -> $crate::Result<Self> {
                Self::from_bytes_with(bytes, &mut $crate::bolt12::points::Points::default())
            }

            /// The bytes of the message, exactly as they were read.
            pub fn as_bytes(&self) -> &[u8] {
                self.message.stream.as_bytes()
            }

            /// Every record as it stands in the message, in ascending order of the types.
            pub fn records(&self) -> impl DoubleEndedIterator<Item = $crate::bolt12::TlvRecord<'_>> + Clone {
                self.message.stream.records()
            }

            /// The merkle root over all records but the signature, or zeros if there are no others (BOLT 12, Signature
            /// Calculation).
            pub fn merkle_root(&self) -> [u8; 32] {
                self.message.merkle_root_with(None)
            }

            /// The string in upper case, which makes for a smaller QR code.
            pub fn to_uppercase_string(&self) -> String {
                self.to_string().to_ascii_uppercase()
            }
        }

        impl core::str::FromStr for $type {
            type Err = $crate::Error;

            fn from_str(text: &str) -> $crate::Result<Self> {
                Self::from_bytes($crate::bolt12::string::decode_kind(text, $kind)?)
            }
        }

        impl core::fmt::Display for $type {
            /// The string in lower case and in one piece.
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(&$crate::bolt12::string::encode_string(
                    $kind,
                    self.as_bytes(),
                ))
            }
        }

        impl core::fmt::Debug for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}({self})", stringify!($type))
            }
        }
    };
}

/// The offer fields whose names are the same wherever they stand.
macro_rules! offer_fields {
    ($type:ident) => {
        impl $type {
            /// The chains the offer can be paid on, as hashes of their genesis blocks; bitcoin if `None`
            /// (`offer_chains`, 2).
            pub fn offer_chains(&self) -> Option<impl Iterator<Item = [u8; 32]> + '_> {
                let value = self
                    .message
                    .stream
                    .get($crate::bolt12::number::OFFER_CHAINS)?;
                Some(
                    value
                        .chunks_exact(32)
                        .filter_map(|chain| chain.try_into().ok()),
                )
            }

            /// Bytes for whoever made the offer (`offer_metadata`, 4).
            pub fn offer_metadata(&self) -> Option<&[u8]> {
                self.message
                    .stream
                    .get($crate::bolt12::number::OFFER_METADATA)
            }

            /// The ISO 4217 code of the currency of [`offer_amount`](Self::offer_amount) (`offer_currency`, 6).
            pub fn offer_currency(&self) -> Option<&str> {
                self.message.text($crate::bolt12::number::OFFER_CURRENCY)
            }

            /// The amount for one item: in msat, or in minor units of [`offer_currency`](Self::offer_currency)
            /// (`offer_amount`, 8).
            pub fn offer_amount(&self) -> Option<u64> {
                self.message.integer($crate::bolt12::number::OFFER_AMOUNT)
            }

            /// What the payment is for, untrusted: [`clean`](super::clean) it before it is shown
            /// (`offer_description`, 10).
            pub fn description(&self) -> Option<&str> {
                self.message.text($crate::bolt12::number::OFFER_DESCRIPTION)
            }

            /// The features of the offer, big-endian (`offer_features`, 12).
            pub fn offer_features(&self) -> Option<&[u8]> {
                self.message
                    .stream
                    .get($crate::bolt12::number::OFFER_FEATURES)
            }

            /// The last second in which the offer or the request may be used, in Unix seconds
            /// (`offer_absolute_expiry`, 14).
            pub fn absolute_expiry(&self) -> Option<u64> {
                self.message
                    .integer($crate::bolt12::number::OFFER_ABSOLUTE_EXPIRY)
            }

            /// Ways to reach whoever made the offer (`offer_paths`, 16).
            pub fn offer_paths(&self) -> Option<&[$crate::bolt12::BlindedPath]> {
                self.message.offer_paths.as_deref()
            }

            /// Who made the offer or the request, in their own words and untrusted (`offer_issuer`, 18).
            pub fn issuer(&self) -> Option<&str> {
                self.message.text($crate::bolt12::number::OFFER_ISSUER)
            }

            /// How many items one invoice can be for; 0 is no limit (`offer_quantity_max`, 20).
            pub fn quantity_max(&self) -> Option<u64> {
                self.message
                    .integer($crate::bolt12::number::OFFER_QUANTITY_MAX)
            }

            /// The key that signs invoices for the offer (`offer_issuer_id`, 22).
            pub fn issuer_id(&self) -> Option<bitcoin::secp256k1::PublicKey> {
                self.message.issuer_id
            }

            /// SHA-256 over the offer's records; `None` if there are none. Core Lightning's `offer_id`.
            pub fn offer_id(&self) -> Option<[u8; 32]> {
                self.message.offer_id()
            }
        }
    };
}

/// The request fields whose names are the same in a request and in its invoice.
macro_rules! request_fields {
    ($type:ident) => {
        impl $type {
            /// The records an invoice repeats byte for byte, known or not: types 0 to 159 and 1000000000 to
            /// 2999999999.
            pub fn mirrored(&self) -> impl DoubleEndedIterator<Item = $crate::bolt12::TlvRecord<'_>> + Clone {
                self.message.mirrored()
            }

            /// The id of the request: SHA-256 over [`mirrored`](Self::mirrored), the same in a request and its invoices.
            pub fn invreq_id(&self) -> $crate::InvreqId {
                self.message.invreq_id()
            }

            /// Unpredictable bytes of the payer (`invreq_metadata`, 0).
            pub fn invreq_metadata(&self) -> Option<&[u8]> {
                self.message
                    .stream
                    .get($crate::bolt12::number::INVREQ_METADATA)
            }

            /// The chain of the payment, as the hash of its genesis block: `invreq_chain` (80), or bitcoin if it is
            /// absent.
            pub fn chain(&self) -> [u8; 32] {
                self.message.chain()
            }

            /// How many items the payer asks for (`invreq_quantity`, 86).
            pub fn quantity(&self) -> Option<u64> {
                self.message
                    .integer($crate::bolt12::number::INVREQ_QUANTITY)
            }

            /// The key of the payer (`invreq_payer_id`, 88).
            pub fn payer_id(&self) -> Option<bitcoin::secp256k1::PublicKey> {
                self.message.payer_id
            }

            /// A note from the payer, untrusted (`invreq_payer_note`, 89).
            pub fn payer_note(&self) -> Option<&str> {
                self.message.text($crate::bolt12::number::INVREQ_PAYER_NOTE)
            }

            /// The name under which the payer found the offer (`invreq_bip_353_name`, 91).
            pub fn bip_353_name(&self) -> Option<$crate::bolt12::Bip353Name<'_>> {
                let value = self
                    .message
                    .stream
                    .get($crate::bolt12::number::INVREQ_BIP_353_NAME)?;
                $crate::bolt12::Bip353Name::read(value).ok()
            }

            /// Whether the request answers an offer: `offer_issuer_id` or `offer_paths` is present.
            pub fn answers_offer(&self) -> bool {
                self.message.issuer_id.is_some() || self.message.offer_paths.is_some()
            }
        }
    };
}

pub(crate) use {common, offer_fields, request_fields};
