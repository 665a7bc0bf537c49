//! Which invoice requests can be answered.

use crate::bolt12::limits::MAX_MSAT;
use crate::bolt12::{chain_name, number, unknown_even_bit, InvoiceRequest};
use crate::{rules, Error, ErrorCode, Field, Result, Rule};

/// Something about a request that is unusual, but does not keep it from being answered.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Warning {
    /// A stable snake_case id.
    pub code: String,
    /// The TLV record it is about.
    pub field: Option<Field>,
    /// One sentence for a person.
    pub message: String,
}

/// Whether a stand-alone request can be answered, on this chain (`None`: on any) and at this time, in Unix seconds
/// (`None`: whenever). What is unusual about it comes back as warnings.
///
/// # Errors
/// The first broken rule, in ascending order of the TLV types. All but the expiry are rules for the reader of an invoice
/// request in BOLT 12; the expiry is that of an offer.
///
/// | type | rule | code |
/// |---|---|---|
/// | 0 | `invreq_metadata` is present | `missing_field` |
/// | 2 | `offer_chains` is absent, where no offer is answered | `unexpected_field` |
/// | 12 | `offer_features` is absent, where no offer is answered | `unexpected_field` |
/// | 14 | `offer_absolute_expiry` is not over | `request_expired` |
/// | 16 | `offer_paths` is absent | `answers_offer` |
/// | 20 | `offer_quantity_max` is absent, where no offer is answered | `unexpected_field` |
/// | 22 | `offer_issuer_id` is absent | `answers_offer` |
/// | 80 | `invreq_chain` is the chain, or absent if that is bitcoin | `wrong_chain` |
/// | 82 | `invreq_amount` is present | `missing_field` |
/// | 82 | it is above zero and at most 21 million bitcoin | `amount_out_of_range` |
/// | 84 | `invreq_features` has no unknown even bit: none is known | `unknown_feature` |
/// | 88 | `invreq_payer_id` is present | `missing_field` |
/// | 90 | `invreq_paths` is not empty | `empty_paths` |
/// | 90 | each path has a hop | `empty_path` |
/// | 91 | `invreq_bip_353_name` holds only letters, digits, `-`, `_` and `.` | `invalid_name` |
pub fn check(request: &InvoiceRequest, chain: Option<[u8; 32]>, now: Option<u64>) -> Result<Vec<Warning>> {
    check_rules(request, chain, now)?;
    Ok(warnings(request))
}

/// [`check`] without the warnings.
pub(super) fn check_rules(request: &InvoiceRequest, chain: Option<[u8; 32]>, now: Option<u64>) -> Result<()> {
    check_offer_fields(request, now)?;
    check_request_fields(request, chain)
}

fn check_offer_fields(request: &InvoiceRequest, now: Option<u64>) -> Result<()> {
    if request.invreq_metadata().is_none() {
        return Err(missing(number::INVREQ_METADATA, rules::INVREQ_METADATA));
    }
    // In a request that answers an offer these three repeat the offer's, and to answer it is what is refused.
    if !request.answers_offer() {
        refuse_field(request.offer_chains().is_some(), number::OFFER_CHAINS)?;
        refuse_field(request.offer_features().is_some(), number::OFFER_FEATURES)?;
    }
    if let (Some(expiry), Some(now)) = (request.absolute_expiry(), now) {
        if now > expiry {
            return Err(expired(expiry, now));
        }
    }
    refuse_offer(request.offer_paths().is_some(), number::OFFER_PATHS)?;
    refuse_field(
        request.quantity_max().is_some() && !request.answers_offer(),
        number::OFFER_QUANTITY_MAX,
    )?;
    refuse_offer(request.issuer_id().is_some(), number::OFFER_ISSUER_ID)
}

fn check_request_fields(request: &InvoiceRequest, chain: Option<[u8; 32]>) -> Result<()> {
    if let Some(chain) = chain.filter(|chain| *chain != request.chain()) {
        return Err(wrong_chain(request.chain(), chain));
    }
    match request.amount_msat() {
        None => return Err(missing(number::INVREQ_AMOUNT, rules::INVREQ_AMOUNT)),
        Some(amount) => check_amount(amount, number::INVREQ_AMOUNT, rules::INVREQ_AMOUNT)?,
    }
    if let Some(bit) = request
        .features()
        .and_then(|features| unknown_even_bit(features, &[]))
    {
        return Err(unknown_feature(
            bit,
            number::INVREQ_FEATURES,
            rules::INVREQ_FEATURES,
        ));
    }
    if request.payer_id().is_none() {
        return Err(missing(number::INVREQ_PAYER_ID, rules::INVREQ_PAYER_ID));
    }
    match request.paths() {
        Some([]) => {
            let message = "invreq_paths is present but empty".to_owned();
            return Err(broken(
                ErrorCode::EmptyPaths,
                number::INVREQ_PATHS,
                rules::INVREQ_PATHS,
                message,
            ));
        }
        Some(paths) if paths.iter().any(|path| path.hops.is_empty()) => {
            let message = "one of invreq_paths has no hops".to_owned();
            return Err(broken(
                ErrorCode::EmptyPath,
                number::INVREQ_PATHS,
                rules::INVREQ_PATHS,
                message,
            ));
        }
        _ => {}
    }
    if let Some(name) = request.bip_353_name().filter(|name| !name.is_valid()) {
        let message = format!("{name} holds characters that a BIP 353 name must not have");
        let number = number::INVREQ_BIP_353_NAME;
        return Err(broken(
            ErrorCode::InvalidName,
            number,
            rules::INVREQ_BIP_353_NAME,
            message,
        ));
    }
    Ok(())
}

/// The request's time is over.
pub(crate) fn expired(expiry: u64, now: u64) -> Error {
    let message = format!("the request expired {} seconds ago", now.saturating_sub(expiry));
    broken(
        ErrorCode::RequestExpired,
        number::OFFER_ABSOLUTE_EXPIRY,
        rules::INVREQ_EXPIRY,
        message,
    )
}

/// What is unusual about a request: fields that its writer must not or need not set where no offer is answered, a
/// missing description, a missing signature. In ascending order of the TLV types.
pub fn warnings(request: &InvoiceRequest) -> Vec<Warning> {
    let mut found = Vec::new();
    let mut warn = |present: bool, code: &str, number: u64, message: &str| {
        if present {
            found.push(Warning {
                code: code.to_owned(),
                field: Some(Field::tlv(number)),
                message: message.to_owned(),
            });
        }
    };
    let alone = !request.answers_offer();
    warn(
        alone && request.offer_metadata().is_some(),
        "offer_metadata_present",
        number::OFFER_METADATA,
        "offer_metadata has no meaning without an offer",
    );
    warn(
        alone && request.offer_currency().is_some(),
        "offer_currency_present",
        number::OFFER_CURRENCY,
        "offer_currency is for information only: invreq_amount is what counts",
    );
    warn(
        alone && request.offer_amount().is_some(),
        "offer_amount_present",
        number::OFFER_AMOUNT,
        "offer_amount is for information only: invreq_amount is what counts",
    );
    warn(
        request.description().is_none(),
        "description_missing",
        number::OFFER_DESCRIPTION,
        "the request does not say what the payment is for",
    );
    warn(
        alone && request.quantity().is_some(),
        "quantity_present",
        number::INVREQ_QUANTITY,
        "invreq_quantity has no meaning without an offer",
    );
    warn(
        alone && request.bip_353_name().is_some(),
        "bip_353_name_present",
        number::INVREQ_BIP_353_NAME,
        "the name says where an offer was found, but no offer is answered",
    );
    warn(
        !request.is_signed(),
        "signature_missing",
        number::SIGNATURE,
        "the request is not signed: nothing shows that it is as its writer made it",
    );
    found
}

fn refuse_field(present: bool, number: u64) -> Result<()> {
    if !present {
        return Ok(());
    }
    let message = format!(
        "{} must not be present in a request without an offer",
        Field::tlv(number).name
    );
    Err(broken(
        ErrorCode::UnexpectedField,
        number,
        rules::INVREQ_WITHOUT_OFFER,
        message,
    ))
}

fn refuse_offer(present: bool, number: u64) -> Result<()> {
    if !present {
        return Ok(());
    }
    let message = format!(
        "{} shows that the request answers an offer",
        Field::tlv(number).name
    );
    Err(broken(
        ErrorCode::AnswersOffer,
        number,
        rules::INVREQ_WITHOUT_OFFER,
        message,
    ))
}

pub(super) fn check_amount(amount: u64, number: u64, rule: Rule) -> Result<()> {
    let (rule, message) = match amount {
        0 => (rule, "the amount is zero".to_owned()),
        1..=MAX_MSAT => return Ok(()),
        _ => (
            rules::MSAT_MAXIMUM,
            format!("{amount} msat are more than 21 million bitcoin"),
        ),
    };
    Err(broken(ErrorCode::AmountOutOfRange, number, rule, message))
}

pub(super) fn wrong_chain(found: [u8; 32], wanted: [u8; 32]) -> Error {
    let name = |hash| chain_name(&hash).unwrap_or("an unknown chain");
    let message = format!("it is for {}, not for {}", name(found), name(wanted));
    broken(
        ErrorCode::WrongChain,
        number::INVREQ_CHAIN,
        rules::INVREQ_CHAIN,
        message,
    )
}

pub(super) fn unknown_feature(bit: usize, number: u64, rule: Rule) -> Error {
    let message = format!("feature bit {bit} is unknown and even: it must be understood");
    broken(ErrorCode::UnknownFeature, number, rule, message)
}

pub(super) fn missing(number: u64, rule: Rule) -> Error {
    let message = format!("{} is missing", Field::tlv(number).name);
    broken(ErrorCode::MissingField, number, rule, message)
}

pub(super) fn broken(code: ErrorCode, number: u64, rule: Rule, message: String) -> Error {
    Error::new(code, message).with_field(number).with_rule(rule)
}
