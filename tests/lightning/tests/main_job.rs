//! The main job on a real Lightning network: an LDK payer publishes a request, a wallet with this library answers it over
//! its node, the payer pays, and the record says so.

mod payee;

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_lite::future::block_on;
use invreq::engine::{DeliveryState, Event, Existing, PathOutcome, SendInvoice, Status};
use invreq::ldk::Preimages;
use invreq::ErrorCode;
use invreq_lightning::{NodeEvent, RefundTerms, Testbed};

use payee::{assert_refused, assert_valid_rpc, params, Wallet};

const AMOUNT: u64 = 50_000_000;

#[test]
fn a_refund_with_an_scid_introduction_is_paid() {
    let bed = Testbed::direct();
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "withdrawal"))
        .unwrap();
    let wallet = Wallet::open(&bed, Preimages::Node);

    let preview = block_on(wallet.payee.preview(&request)).unwrap();
    assert!(preview.answerable && !preview.signed && !preview.already_answered);
    assert_eq!(preview.amount_msat, Some(AMOUNT));

    let record = block_on(wallet.payee.send_invoice(params(&request, "refund"))).unwrap();
    assert_paid(&record);
    wallet.assert_payer_has_proof(&bed, bed.payer, &record);
    assert_eq!(record.delivery.paths[0].outcome, PathOutcome::Accepted);
}

#[test]
fn a_private_payee_behind_a_relay_is_paid_with_its_own_preimage() {
    let bed = Testbed::relayed();
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "atm"))
        .unwrap();
    let wallet = Wallet::open(&bed, Preimages::Engine);
    let record = block_on(wallet.payee.send_invoice(params(&request, "atm"))).unwrap();
    assert_paid(&record);
    wallet.assert_payer_has_proof(&bed, bed.payer, &record);
}

#[test]
fn a_node_that_keeps_its_preimages_is_paid() {
    let bed = Testbed::direct();
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "hold"))
        .unwrap();
    let wallet = Wallet::open(&bed, Preimages::NodeOnly);
    let record = block_on(wallet.payee.send_invoice(params(&request, "hold"))).unwrap();
    assert_paid(&record);
    wallet.assert_payer_has_proof(&bed, bed.payer, &record);
}

#[test]
fn a_payer_without_liquidity_says_so() {
    for bed in [Testbed::direct(), Testbed::relayed()] {
        let poor = bed.add_penniless_payer();
        let request = bed
            .net
            .create_refund(poor, &RefundTerms::new(AMOUNT, "no money"))
            .unwrap();
        let wallet = Wallet::open(&bed, Preimages::Engine);
        let error = block_on(wallet.payee.send_invoice(params(&request, "poor"))).unwrap_err();
        let said = assert_refused(&error);
        assert!(!said.is_empty() && error.message().contains(said), "{error}");
    }
}

#[test]
fn a_payer_that_hears_nothing_can_be_sent_the_invoice_again() {
    let bed = Testbed::relayed();
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "later"))
        .unwrap();
    let wallet = Wallet::open(&bed, Preimages::Engine);
    // The packet gets as far as the relay, and no further.
    bed.net.disconnect(bed.payer, bed.relay.unwrap());
    let mut events = wallet.payee.events();

    let sent = SendInvoice {
        timeout: Some(2),
        expiry: Some(60),
        ..params(&request, "later")
    };
    let error = block_on(wallet.payee.send_invoice(sent)).unwrap_err();
    assert_eq!(
        (error.code(), error.rpc_code()),
        (ErrorCode::WaitTimeout, 1005),
        "{error}"
    );
    assert_eq!(error.record().unwrap().status, Status::Unpaid);

    bed.net.connect(bed.payer, bed.relay.unwrap()).unwrap();
    bed.net.pump();
    let again = block_on(wallet.payee.resend("later")).unwrap();
    assert_eq!(again.bolt12, error.record().unwrap().bolt12);
    let paid = block_on(wallet.payee.wait_invoice("later")).unwrap();
    assert_paid(&paid);
    let saw_payment = std::iter::from_fn(|| events.try_recv()?.ok())
        .any(|event| matches!(event, Event::Paid(record) if record == paid));
    assert!(saw_payment);
}

#[test]
fn no_way_to_the_payer_ends_the_call_and_not_the_invoice() {
    let bed = Testbed::direct();
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "gone"))
        .unwrap();
    let wallet = Wallet::open(&bed, Preimages::Engine);
    // The host still has a peer, so it can tell that there is no way.
    let bystander = bed.net.add_node("bystander");
    bed.net.connect(bed.host, bystander).unwrap();
    bed.net.disconnect(bed.payer, bed.host);
    let error = block_on(wallet.payee.send_invoice(params(&request, "gone"))).unwrap_err();
    assert_eq!(
        (error.code(), error.rpc_code()),
        (ErrorCode::NoRoute, 1003),
        "{error}"
    );
    let record = error.record().unwrap();
    assert_eq!(record.delivery.state, DeliveryState::Unreachable);
    assert!(record
        .delivery
        .paths
        .iter()
        .all(|path| path.outcome == PathOutcome::NoRoute));

    bed.net.connect(bed.payer, bed.host).unwrap();
    bed.net.pump();
    block_on(wallet.payee.resend("gone")).unwrap();
    assert_paid(&block_on(wallet.payee.wait_invoice("gone")).unwrap());
}

#[test]
fn offline_and_back_within_the_wait() {
    let bed = Testbed::direct();
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "tunnel"))
        .unwrap();
    let wallet = Wallet::open(&bed, Preimages::Engine);
    wallet.offline.store(true, Ordering::SeqCst);
    let offline = wallet.offline.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(1500));
        offline.store(false, Ordering::SeqCst);
    });
    assert_paid(&block_on(wallet.payee.send_invoice(params(&request, "tunnel"))).unwrap());
}

#[test]
fn a_label_in_use_is_refused_or_joined() {
    let bed = Testbed::direct();
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "label"))
        .unwrap();
    let wallet = Wallet::open(&bed, Preimages::Engine);
    let paid = block_on(wallet.payee.send_invoice(params(&request, "one"))).unwrap();

    let error = block_on(wallet.payee.send_invoice(params(&request, "one"))).unwrap_err();
    assert_eq!((error.code(), error.rpc_code()), (ErrorCode::LabelInUse, 900));
    assert_eq!(error.record(), Some(&paid));

    let joined = SendInvoice {
        existing: Existing::Join,
        ..params(&request, "one")
    };
    assert_eq!(block_on(wallet.payee.send_invoice(joined)).unwrap(), paid);

    let other = block_on(wallet.payee.send_invoice(params(&request, "two"))).unwrap_err();
    assert_eq!(other.code(), ErrorCode::AlreadyAnswered);
    assert_eq!(other.record(), Some(&paid));
}

#[test]
fn an_invoice_that_expires_within_the_wait() {
    let bed = Testbed::direct();
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "short"))
        .unwrap();
    let wallet = Wallet::open(&bed, Preimages::Engine);
    wallet.offline.store(true, Ordering::SeqCst);
    let sent = SendInvoice {
        timeout: Some(60),
        expiry: Some(2),
        ..params(&request, "short")
    };
    let error = block_on(wallet.payee.send_invoice(sent)).unwrap_err();
    assert_eq!(
        (error.code(), error.rpc_code()),
        (ErrorCode::InvoiceExpired, 903),
        "{error}"
    );
    assert_eq!(error.record().unwrap().status, Status::Expired);
    assert_valid_rpc(error.record().unwrap());
}

#[test]
fn an_expired_request_is_not_answered() {
    let bed = Testbed::direct();
    let terms = RefundTerms {
        expiry_secs: 1,
        ..RefundTerms::new(AMOUNT, "too late")
    };
    let request = bed.net.create_refund(bed.payer, &terms).unwrap();
    let wallet = Wallet::open(&bed, Preimages::Engine);
    std::thread::sleep(Duration::from_millis(2100));
    let error = block_on(wallet.payee.send_invoice(params(&request, "late"))).unwrap_err();
    assert_eq!(
        (error.code(), error.rpc_code()),
        (ErrorCode::RequestExpired, 1002),
        "{error}"
    );
}

#[test]
fn the_payer_pays_once_however_often_it_is_asked() {
    let bed = Testbed::direct();
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "twice"))
        .unwrap();
    let wallet = Wallet::open(&bed, Preimages::Engine);
    block_on(wallet.payee.send_invoice(params(&request, "first"))).unwrap();
    let again = SendInvoice {
        again: true,
        timeout: Some(1),
        ..params(&request, "second")
    };
    let error = block_on(wallet.payee.send_invoice(again)).unwrap_err();
    // LDK is silent about a request it has paid already.
    assert_eq!(error.code(), ErrorCode::WaitTimeout, "{error}");
    let sent = bed.net.take_events(bed.payer);
    let payments = sent
        .iter()
        .filter(|event| matches!(event, NodeEvent::PaymentSent { .. }))
        .count();
    assert_eq!(payments, 1);
}

fn assert_paid(record: &invreq::engine::Record) {
    assert_eq!(record.status, Status::Paid);
    assert_eq!(record.amount_msat, AMOUNT);
    let payment = record.payment.as_ref().unwrap();
    assert!(payment.amount_received_msat >= AMOUNT);
    assert_eq!(payment.payment_preimage.payment_hash(), record.payment_hash);
    assert_valid_rpc(record);
}
