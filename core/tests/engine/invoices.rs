//! The invoice itself: what is in it, and who can read it.

use invreq::answer::check_as_payer;
use invreq::bolt12::{Invoice, InvoiceRequest};
use invreq::engine::{Need, SendInvoice};
use invreq::ErrorCode;

use crate::common::host::Signs;
use crate::common::{node, params, payment_path, secret, Host, PaysWith, Request, START};

fn invoice(host: &mut Host, params: SendInvoice) -> Invoice {
    let label = params.label.clone();
    host.send(params).unwrap();
    host.get(&label).bolt12.parse().unwrap()
}

#[test]
fn it_answers_the_request() {
    let mut host = Host::new();
    let requests = [
        Request::default(),
        Request::default().unsigned(),
        Request::default().no_description(),
        Request::default().paths_over(&[10, 11]).expires(START + 1000),
    ];
    for (number, request) in requests.into_iter().enumerate() {
        let label = number.to_string();
        let read: InvoiceRequest = request.text().parse().unwrap();
        let params = SendInvoice {
            again: true,
            ..params(&request.text(), &label)
        };
        let invoice = invoice(&mut host, params);
        check_as_payer(&invoice, Some(&read), Some(read.chain()), Some(START + 90)).unwrap();
        let late = check_as_payer(&invoice, Some(&read), None, Some(START + 91)).unwrap_err();
        assert_eq!(late.code(), ErrorCode::InvoiceExpired);
        let record = host.get(&label);
        assert_eq!(invoice.payment_hash(), Some(record.payment_hash));
        assert_eq!(
            (invoice.amount_msat(), invoice.created_at()),
            (Some(50_000), Some(START))
        );
        assert_eq!(record.description, request.description.unwrap_or_default());
        assert_eq!(record.invreq_id, read.invreq_id());
        assert_eq!(host.next_copy().invoice, invoice.as_bytes());
    }
}

#[test]
fn ldk_reads_it() {
    for paths in [&[][..], &[10, 11]] {
        let mut host = Host::new();
        // LDK reads requests without a signature only; its invoices mirror everything else.
        let request = Request::default().unsigned().paths_over(paths);
        let ours = invoice(&mut host, params(&request.text(), "a"));
        let theirs = lightning::offers::invoice::Bolt12Invoice::try_from(ours.as_bytes().to_vec()).unwrap();
        assert_eq!(theirs.payment_hash().0, ours.payment_hash().unwrap().0);
        assert_eq!(theirs.amount_msats(), 50_000);
        assert_eq!(theirs.signing_pubkey(), ours.node_id());
        assert_eq!(theirs.relative_expiry().as_secs(), 90);
        assert_eq!(theirs.payment_paths().len(), 1);
    }
}

#[test]
fn every_invoice_has_secrets_of_its_own() {
    let mut host = Host::new();
    let text = Request::default().text();
    let one = invoice(&mut host, params(&text, "a"));
    let other = invoice(
        &mut host,
        SendInvoice {
            again: true,
            ..params(&text, "b")
        },
    );
    assert_ne!(one.payment_hash(), other.payment_hash());
    assert_ne!(one.node_id(), other.node_id());
}

#[test]
fn an_expiry_of_7200_is_not_written() {
    for (expiry, written) in [(7199, true), (7200, false), (7201, true)] {
        let mut host = Host::new();
        let invoice = invoice(
            &mut host,
            SendInvoice {
                expiry: Some(expiry),
                ..params(&Request::default().text(), "a")
            },
        );
        assert_eq!(invoice.records().any(|record| record.number == 166), written);
        assert_eq!(invoice.expires_at(), Some(START + u64::from(expiry)));
        assert_eq!(host.get("a").expires_at, START + u64::from(expiry));
        host.restart();
        assert_eq!(host.get("a").expires_at, START + u64::from(expiry));
    }
}

#[test]
fn payments_in_parts_are_announced_by_the_source() {
    for mpp in [false, true] {
        let mut host = Host::new();
        host.source.mpp = mpp;
        let invoice = invoice(&mut host, params(&Request::default().text(), "a"));
        assert_eq!(invoice.features(), mpp.then_some(&[2, 0, 0][..]));
    }
}

#[test]
fn paths_have_to_carry_the_amount() {
    type Limits = &'static [(u64, u64)];
    let cases: [(Limits, bool, bool); 8] = [
        (&[(0, 49_999)], false, false),
        (&[(0, 50_000)], false, true),
        (&[(50_000, 50_000)], false, true),
        (&[(50_001, 90_000)], false, false),
        (&[(0, 25_000), (0, 25_000)], false, false),
        (&[(0, 25_000), (0, 25_000)], true, true),
        (&[(0, 25_000), (0, 24_999)], true, false),
        (&[(0, u64::MAX), (0, u64::MAX)], true, true),
    ];
    for (limits, mpp, good) in cases {
        let mut host = Host::new();
        host.source.mpp = mpp;
        host.source.paths = limits.iter().map(|(min, max)| payment_path(*min, *max)).collect();
        let result = host.send(params(&Request::default().text(), "a"));
        match result {
            Ok(_) => assert!(good, "{limits:?}"),
            Err(error) => assert_eq!((error.code(), good), (ErrorCode::InsufficientInbound, false)),
        }
    }
}

#[test]
fn paths_have_to_live_as_long_as_the_invoice() {
    for (end, good) in [(START + 89, false), (START + 90, true), (START + 91, true)] {
        let mut host = Host::new();
        host.source.paths_expire_at = Some(end);
        let result = host.send(params(&Request::default().text(), "a"));
        match result {
            Ok(_) => assert!(good, "{end}"),
            Err(error) => assert_eq!((error.code(), good), (ErrorCode::PathExpiresEarly, false)),
        }
    }
}

#[test]
fn useless_paths_and_failing_sources_are_errors_of_the_host() {
    let text = Request::default().text();
    let mut broken = payment_path(0, 1_000_000);
    broken.path.hops.clear();
    for (paths, with, code) in [
        (vec![], PaysWith::Engine, ErrorCode::InvalidPaymentPath),
        (
            vec![payment_path(0, 50_000); 65],
            PaysWith::Engine,
            ErrorCode::InvalidPaymentPath,
        ),
        (vec![broken], PaysWith::Engine, ErrorCode::InvalidPaymentPath),
        (
            vec![payment_path(2, 1)],
            PaysWith::Engine,
            ErrorCode::InvalidPaymentPath,
        ),
        (vec![], PaysWith::Fails, ErrorCode::SourceFailed),
        (vec![], PaysWith::Mistyped, ErrorCode::MissingAnswer),
    ] {
        let mut host = Host::new();
        let before = host.entries();
        host.source.paths = paths;
        host.source.with = with;
        assert_eq!(host.send(params(&text, "a")).unwrap_err().code(), code);
        assert_eq!(host.entries(), before);
    }
}

#[test]
fn a_signer_of_the_host_signs_with_its_key() {
    let text = Request::default().text();
    let with_key = |number| SendInvoice {
        invoice_node_id: Some(node(number)),
        ..params(&text, "a")
    };
    let mut host = Host::new();
    let signed = invoice(&mut host, with_key(55));
    assert_eq!(signed.node_id(), node(55));
    let asked = host.asked.iter().find_map(|need| match need {
        Need::Sign(request) => Some(request.clone()),
        _ => None,
    });
    let asked = asked.unwrap();
    assert_eq!(
        (asked.node_id, asked.tag.as_str()),
        (node(55), "lninvoicesignature".replace("ln", "lightning").as_str())
    );
    for (signs, key) in [(Signs::Wrong, 55), (Signs::Refuses, 55), (Signs::Right(54), 55)] {
        let mut host = Host::new();
        let before = host.entries();
        host.signs = signs;
        let error = host.send(with_key(key)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::SignerFailed, "{signs:?}");
        assert_eq!(host.entries(), before);
    }
    assert_eq!(
        node(55),
        secret(55).public_key(&bitcoin::secp256k1::Secp256k1::new())
    );
}
