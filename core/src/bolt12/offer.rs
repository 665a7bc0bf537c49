//! Offers, `lno1…`.

use super::accessors::{common, offer_fields};
use super::fields::number;
use super::message::Message;
use super::points::Points;
use super::string::Kind;
use super::tlv::TlvStream;
use super::value::unknown_even_bit;
use crate::{rules, Error, ErrorCode, Result, Rule};

/// An offer: somebody wants to be paid (BOLT 12, Offers).
///
/// # Errors
/// Reading breaks off at the first broken rule, in the order: string, TLV stream, values, ranges, and then what BOLT 12
/// demands of an offer, field by field: `offer_chains` not empty, `offer_currency` only with `offer_amount`, an amount
/// above 0 and with a description, no unknown even feature, no empty list of paths or path, and `offer_issuer_id` or
/// `offer_paths`.
#[derive(Clone, PartialEq, Eq)]
pub struct Offer {
    message: Message,
}

common!(Offer, Kind::Offer);
offer_fields!(Offer);

impl Offer {
    pub(crate) fn from_bytes_with(bytes: Vec<u8>, points: &mut Points) -> Result<Self> {
        Self::from_stream(TlvStream::parse(bytes)?, points)
    }

    pub(crate) fn from_stream(stream: TlvStream, points: &mut Points) -> Result<Self> {
        let offer = Self {
            message: Message::read(Kind::Offer, stream, points)?,
        };
        offer.check()?;
        Ok(offer)
    }

    fn check(&self) -> Result<()> {
        if self
            .message
            .stream
            .get(number::OFFER_CHAINS)
            .is_some_and(<[u8]>::is_empty)
        {
            let message = "offer_chains is present but empty";
            return Err(broken(
                ErrorCode::InvalidValue,
                number::OFFER_CHAINS,
                rules::OFFER_CHAINS,
                message,
            ));
        }
        match self.offer_amount() {
            None if self.offer_currency().is_some() => {
                let message = "there is an offer_currency without an offer_amount";
                return Err(broken(
                    ErrorCode::MissingField,
                    number::OFFER_AMOUNT,
                    rules::OFFER_CURRENCY,
                    message,
                ));
            }
            Some(0) => {
                let message = "offer_amount is zero";
                return Err(broken(
                    ErrorCode::AmountOutOfRange,
                    number::OFFER_AMOUNT,
                    rules::OFFER_AMOUNT,
                    message,
                ));
            }
            Some(_) if self.description().is_none() => {
                let message = "there is an offer_amount without an offer_description";
                let number = number::OFFER_DESCRIPTION;
                return Err(broken(
                    ErrorCode::MissingField,
                    number,
                    rules::OFFER_DESCRIPTION,
                    message,
                ));
            }
            _ => {}
        }
        if let Some(bit) = self
            .offer_features()
            .and_then(|features| unknown_even_bit(features, &[]))
        {
            let message =
                format!("feature bit {bit} is unknown and even: it must be understood to use the offer");
            return Err(broken(
                ErrorCode::UnknownFeature,
                number::OFFER_FEATURES,
                rules::OFFER_FEATURES,
                &message,
            ));
        }
        match self.offer_paths() {
            None if self.issuer_id().is_none() => {
                let message = "the offer has neither offer_issuer_id nor offer_paths";
                Err(broken(
                    ErrorCode::MissingField,
                    number::OFFER_ISSUER_ID,
                    rules::OFFER_ISSUER_ID,
                    message,
                ))
            }
            Some([]) => {
                let message = "offer_paths is present but empty";
                Err(broken(
                    ErrorCode::EmptyPaths,
                    number::OFFER_PATHS,
                    rules::OFFER_PATHS,
                    message,
                ))
            }
            Some(paths) if paths.iter().any(|path| path.hops.is_empty()) => {
                let message = "one of offer_paths has no hops";
                Err(broken(
                    ErrorCode::EmptyPath,
                    number::OFFER_PATHS,
                    rules::OFFER_PATHS,
                    message,
                ))
            }
            _ => Ok(()),
        }
    }
}

fn broken(code: ErrorCode, number: u64, rule: Rule, message: &str) -> Error {
    Error::new(code, message).with_field(number).with_rule(rule)
}
