use arbitrary::{Result, Unstructured};
use bitcoin::secp256k1::{Keypair, Message, Secp256k1};
use invreq::answer::{answer as answer_with, check_as_payer, prepare, Answerable, Terms};
use invreq::bolt12::{chain_hash, Invoice, InvoiceRequest, Kind, PaymentPath, BITCOIN};
use invreq::{ErrorCode, PaymentHash};
use lightning::offers::invoice::Bolt12Invoice;
use lightning::offers::refund::Refund;

use crate::records::{bytes, integer, path, pay_info, records, sign, stream, value, Records, KEYS};

/// Answers a made-up request on made-up terms. What is answered passes the payer's checks, and LDK's if it reads the request.
pub fn answer(data: &[u8]) {
    // Too few bytes are no find.
    let _ = Case::new(&mut Unstructured::new(data)).map(|case| case.check());
}

struct Case {
    request: Vec<u8>,
    chain: Option<[u8; 32]>,
    now: Option<u64>,
    terms: Terms,
    key: Keypair,
}

impl Case {
    fn new(input: &mut Unstructured<'_>) -> Result<Self> {
        let key = *input.choose(&KEYS[..])?;
        let request = request(input)?;
        let chain = *input.choose(&[None, None, Some(BITCOIN), chain_hash("regtest")])?;
        let now = *input.choose(&[None, Some(1_700_000_000)])?;
        let mut paths = Vec::new();
        for _ in 0..input.int_in_range(0..=4)? {
            paths.push(PaymentPath {
                path: path(input)?,
                payinfo: pay_info(input)?,
            });
        }
        let terms = Terms {
            created_at: *input.choose(&[1_700_000_000, 0, 1, u64::MAX])?,
            relative_expiry: *input.choose(&[7_200, 90, 1, 0, u32::MAX])?,
            payment_hash: PaymentHash([input.arbitrary()?; 32]),
            node_id: key.public_key(),
            mpp: input.arbitrary()?,
            paths,
            paths_expire_at: match input.ratio(1, 4)? {
                true => Some(input.arbitrary()?),
                false => None,
            },
        };
        Ok(Self {
            request,
            chain,
            now,
            terms,
            key,
        })
    }

    fn check(&self) {
        let Ok(request) = InvoiceRequest::from_bytes(self.request.clone()) else {
            return;
        };
        let Ok(answerable) = Answerable::new(request.clone(), self.chain, self.now) else {
            return;
        };
        let unsigned = match prepare(&answerable, &self.terms) {
            Ok(unsigned) => unsigned,
            Err(error) => {
                use ErrorCode as E;
                let about_terms = [
                    E::InvalidExpiry,
                    E::InvalidPaymentPath,
                    E::InsufficientInbound,
                    E::PathExpiresEarly,
                    E::LimitExceeded,
                ];
                assert!(about_terms.contains(&error.code()), "{error:?}");
                return;
            }
        };
        let secp = Secp256k1::new();
        let message = Message::from_digest(unsigned.digest());
        let mut signature = secp.sign_schnorr_no_aux_rand(&message, &self.key).serialize();
        let invoice = unsigned.finish(&signature).expect("it passes our own check");
        assert_eq!(
            answer_with(&answerable, &self.terms, &self.key, &secp).as_ref(),
            Ok(&invoice)
        );
        signature[63] ^= 1;
        assert_eq!(
            unsigned.finish(&signature).unwrap_err().code(),
            ErrorCode::InvalidSignature
        );
        self.check_invoice(&request, &invoice);
        self.check_with_ldk(&invoice);
    }

    fn check_invoice(&self, request: &InvoiceRequest, invoice: &Invoice) {
        let again: Invoice = invoice.to_string().parse().expect("it can be read");
        assert_eq!(&again, invoice);
        assert!(request.mirrored().eq(again.mirrored()));
        assert_eq!(again.invreq_id(), request.invreq_id());
        assert_eq!(again.amount_msat(), request.amount_msat());
        assert_eq!(again.payment_hash(), Some(self.terms.payment_hash));
        assert_eq!(again.node_id(), self.terms.node_id);
        assert_eq!(again.payment_paths(), self.terms.paths);
        assert_eq!(again.expires_at(), Some(self.terms.expires_at()));
        let chain = Some(request.chain());
        let last = self.terms.expires_at();
        check_as_payer(&again, Some(request), chain, Some(last)).unwrap();
        if let Some(late) = last.checked_add(1) {
            let late = check_as_payer(&again, Some(request), chain, Some(late));
            assert_eq!(late.unwrap_err().code(), ErrorCode::InvoiceExpired);
        }
    }

    /// A payer on LDK reads the invoice for every request it can make.
    fn check_with_ldk(&self, invoice: &Invoice) {
        let Ok(refund) = Refund::try_from(self.request.clone()) else {
            return;
        };
        let theirs = Bolt12Invoice::try_from(invoice.as_bytes().to_vec()).expect("LDK reads it");
        assert_eq!(Some(theirs.amount_msats()), invoice.amount_msat());
        assert_eq!(theirs.payment_hash().0, self.terms.payment_hash.0);
        assert_eq!(theirs.signing_pubkey(), self.terms.node_id);
        assert_eq!(theirs.created_at().as_secs(), self.terms.created_at);
        assert_eq!(
            theirs.relative_expiry().as_secs(),
            u64::from(self.terms.relative_expiry)
        );
        assert_eq!(theirs.payment_paths().len(), self.terms.paths.len());
        assert_eq!(theirs.invoice_features().supports_basic_mpp(), self.terms.mpp);
        assert_eq!(theirs.payer_metadata(), refund.payer_metadata());
        assert_eq!(theirs.payer_signing_pubkey(), refund.payer_signing_pubkey());
    }
}

/// A request that mostly can be answered.
fn request(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let payer = input.choose(&KEYS[..])?.public_key();
    let mut made = Records::from([
        (0, bytes(input, 40)?),
        (82, integer(input)?),
        (88, payer.serialize().to_vec()),
    ]);
    for number in [10, 14, 18, 80, 84, 86, 89, 90, 91] {
        if input.ratio(1, 3)? {
            made.insert(number, value(input, number)?);
        }
    }
    for (number, value) in match input.ratio(1, 2)? {
        true => records(input)?,
        false => Records::new(),
    } {
        if number % 2 == 1 {
            made.insert(number, value);
        }
    }
    if input.arbitrary()? {
        sign(&mut made, Kind::InvoiceRequest);
    }
    Ok(stream(&made))
}
