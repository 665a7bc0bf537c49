//! The way to a payer on a real network: relays in between, paths that lead nowhere, and a payer that answers by the letter of
//! the specification.

mod payee;

use std::time::{Duration, Instant};

use futures_lite::future::block_on;
use invreq::driver::Transport;
use invreq::engine::{DeliveryState, Event, ListInvoices, PathOutcome, Record, SendInvoice, Status};
use invreq::ldk::Preimages;
use invreq::ErrorCode;
use invreq_lightning::forms::{nodes, ClnHost, LndHost, MessengerHost};
use invreq_lightning::{ChannelTerms, NodeEvent, RefundTerms, SpecPayer, Testbed};

use payee::{assert_refused, assert_valid_rpc, params, ManualClock, Wallet};

const AMOUNT: u64 = 50_000_000;

#[test]
fn through_two_relays_and_back() {
    // payer - far - relay - host, the last of them private.
    let bed = Testbed::relayed();
    let relay = bed.relay.unwrap();
    let far = bed.net.add_node("far");
    let payer = bed.net.add_node("far payer");
    for (one, other) in [(payer, far), (far, relay)] {
        bed.net.connect(one, other).unwrap();
        bed.net
            .open_channel(one, other, ChannelTerms::public(Testbed::CAPACITY_SAT))
            .unwrap();
    }
    let terms = RefundTerms::new(AMOUNT, "far away");
    let request = bed.net.create_refund(payer, &terms).unwrap();
    let wallet = Wallet::open(&bed, Preimages::Engine);
    let record = block_on(wallet.payee.send_invoice(params(&request, "far"))).unwrap();
    assert_eq!((record.status, record.delivery.attempts), (Status::Paid, 1));
    wallet.assert_payer_has_proof(&bed, payer, &record);

    // The payer has spent most of what it had, so the next payment fails, and the error travels all the way.
    let terms = RefundTerms::new(Testbed::CAPACITY_SAT * 940, "too much");
    let request = bed.net.create_refund(payer, &terms).unwrap();
    let error = block_on(wallet.payee.send_invoice(params(&request, "refused"))).unwrap_err();
    assert_eq!(error.rpc_code(), 1004, "{error}");
}

#[test]
fn a_path_that_begins_nowhere_is_passed_over() {
    let bed = Testbed::relayed();
    let nowhere = SpecPayer::new(bed.net.clone(), bed.payer).mailbox();
    let relay = bed.net.node_id(bed.relay.unwrap());
    let request = bed
        .net
        .create_refund_over(
            bed.payer,
            &RefundTerms::new(AMOUNT, "two paths"),
            &[vec![nowhere], vec![relay]],
        )
        .unwrap();
    let wallet = Wallet::open(&bed, Preimages::Engine);
    let record = block_on(wallet.payee.send_invoice(params(&request, "second"))).unwrap();
    assert_eq!((record.status, record.delivery.attempts), (Status::Paid, 1));
    assert_eq!(outcomes(&record), [PathOutcome::NoRoute, PathOutcome::Accepted]);
    wallet.assert_payer_has_proof(&bed, bed.payer, &record);
}

#[test]
fn a_path_that_loses_the_message_is_followed_by_the_next_one() {
    let bed = Testbed::relayed();
    let relay = bed.net.node_id(bed.relay.unwrap());
    // It takes messages for the payer, and has no connection to it.
    let dead = bed.net.add_node("dead");
    bed.net.connect(bed.host, dead).unwrap();
    let ways = [vec![bed.net.node_id(dead)], vec![relay]];
    let terms = RefundTerms::new(AMOUNT, "two paths");
    let request = bed.net.create_refund_over(bed.payer, &terms, &ways).unwrap();
    let (wallet, clock) = with_clock(&bed);
    let payee = wallet.payee.clone();
    let call = std::thread::spawn(move || block_on(payee.send_invoice(params(&request, "second"))));

    let sent = wait_for(&wallet, |record| record.delivery.state == DeliveryState::Sent);
    assert_eq!(outcomes(&sent), [PathOutcome::Accepted, PathOutcome::Untried]);
    // Nothing happens for ten seconds, and then the same invoice goes the other way.
    clock.advance(Duration::from_millis(9_000));
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(record(&wallet).delivery.attempts, 1);
    clock.advance(Duration::from_millis(1_000));
    let paid = call.join().unwrap().unwrap();
    assert_eq!((paid.status, paid.delivery.attempts), (Status::Paid, 2));
    assert_eq!(outcomes(&paid), [PathOutcome::Accepted, PathOutcome::Accepted]);
    assert_eq!(paid.bolt12, sent.bolt12);
    wallet.assert_payer_has_proof(&bed, bed.payer, &paid);
}

#[test]
fn an_error_by_the_letter_is_read_whoever_brings_it() {
    is_refused_by_the_letter(|bed| bed.net.ldk_host(bed.host));
    is_refused_by_the_letter(|bed| ClnHost::new(nodes::Cln::new(bed.net.clone(), bed.host)));
    is_refused_by_the_letter(|bed| LndHost::new(nodes::Lnd::new(bed.net.clone(), bed.host).into()));
}

fn is_refused_by_the_letter<T: Transport + 'static>(transport: impl Fn(&Testbed) -> T) {
    for bed in [Testbed::direct(), Testbed::relayed()] {
        let wallet = Wallet::with_transport(&bed, bed.net.ldk_host(bed.host), transport(&bed));
        let payer = SpecPayer::new(bed.net.clone(), bed.payer);
        let request = payer.request(AMOUNT, &[vec![bed.net.node_id(bed.payer)]], [1; 32]);
        let payee = wallet.payee.clone();
        let call = std::thread::spawn(move || block_on(payee.send_invoice(params(&request, "letter"))));
        let came = invoice(&payer);
        assert_eq!(came.path_id, [1; 32]);

        // As long as Core Lightning's, which repeats the invoice, and with what turns text around.
        let text = format!("Failed invoice {}: \u{202e}no\u{7}", "x".repeat(2000));
        payer.refuse(&came.reply_path.unwrap(), &text).unwrap();
        bed.net.pump();
        let error = call.join().unwrap().unwrap_err();
        let said = assert_refused(&error);
        assert!(
            said.starts_with("Failed invoice xxx") && said.chars().count() <= 1001,
            "{said}"
        );
        assert_eq!(block_on(wallet.payee.ignored_replies()), 0);
    }
}

/// What the guide says of LDK's own messenger, and why the host for LDK does not use it for replies.
#[test]
fn ldks_own_messenger_does_not_hear_an_error_by_the_letter() {
    let bed = Testbed::direct();
    let transport = MessengerHost::new(nodes::Messenger::new(bed.net.clone(), bed.host));
    let wallet = Wallet::with_transport(&bed, bed.net.ldk_host(bed.host), transport);
    let payer = SpecPayer::new(bed.net.clone(), bed.payer);
    let request = payer.request(AMOUNT, &[vec![bed.net.node_id(bed.payer)]], [1; 32]);
    let call = SendInvoice {
        timeout: Some(1),
        expiry: Some(60),
        ..params(&request, "deaf")
    };
    let payee = wallet.payee.clone();
    let call = std::thread::spawn(move || block_on(payee.send_invoice(call)));
    payer
        .refuse(&invoice(&payer).reply_path.unwrap(), "nobody hears this")
        .unwrap();
    bed.net.pump();
    assert_eq!(call.join().unwrap().unwrap_err().code(), ErrorCode::WaitTimeout);
}

#[test]
fn an_invoice_can_be_paid_although_the_payer_said_no() {
    let bed = Testbed::relayed();
    let wallet = Wallet::open(&bed, Preimages::Engine);
    let mut events = wallet.payee.events();
    let payer = SpecPayer::new(bed.net.clone(), bed.payer);
    let request = payer.request(AMOUNT, &[vec![bed.net.node_id(bed.payer)]], [7; 32]);
    let call = SendInvoice {
        expiry: Some(600),
        ..params(&request, "no")
    };
    let payee = wallet.payee.clone();
    let call = std::thread::spawn(move || block_on(payee.send_invoice(call)));
    let came = invoice(&payer);
    payer
        .refuse(&came.reply_path.unwrap(), "pay attempt failed")
        .unwrap();
    bed.net.pump();
    let error = call.join().unwrap().unwrap_err();
    assert_eq!(error.rpc_code(), 1004);
    assert_eq!(error.record().unwrap().status, Status::Unpaid);

    payer.pay(&came.invoice).unwrap();
    let paid = block_on(wallet.payee.wait_invoice("no")).unwrap();
    assert_eq!((paid.status, paid.amount_msat), (Status::Paid, AMOUNT));
    assert_eq!(
        paid.delivery.error.as_ref().unwrap().message,
        "pay attempt failed"
    );
    assert_valid_rpc(&paid);
    let preimage = paid
        .payment
        .as_ref()
        .map(|payment| *payment.payment_preimage.expose());
    let sent = bed.net.take_events(bed.payer);
    let has_proof = |event: &NodeEvent| matches!(event, NodeEvent::PaymentSent { preimage: proof, .. } if Some(*proof) == preimage);
    assert!(sent.iter().any(has_proof), "{sent:?}");
    let told: Vec<Event> = std::iter::from_fn(|| events.try_recv()?.ok()).collect();
    let place = |wanted: fn(&Event) -> bool| told.iter().position(wanted).unwrap();
    assert!(
        place(|event| matches!(event, Event::PayerError(_))) < place(|event| matches!(event, Event::Paid(_)))
    );
}

fn with_clock(bed: &Testbed) -> (Wallet, ManualClock) {
    let (host, clock) = (bed.net.ldk_host(bed.host), ManualClock::default());
    let ticking = clock.clone();
    let wallet = Wallet::build(bed, host.clone(), host, |builder| builder.clock(ticking));
    (wallet, clock)
}

fn invoice(payer: &SpecPayer) -> invreq_lightning::ReceivedInvoice {
    let begun = Instant::now();
    loop {
        if let Some(invoice) = payer.invoices().pop() {
            return invoice;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "no invoice came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn wait_for(wallet: &Wallet, is_wanted: impl Fn(&Record) -> bool) -> Record {
    let begun = Instant::now();
    loop {
        let page = block_on(wallet.payee.list_invoices(ListInvoices::default())).unwrap();
        if let Some(record) = page.records.into_iter().find(&is_wanted) {
            return record;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn record(wallet: &Wallet) -> Record {
    wait_for(wallet, |_| true)
}

fn outcomes(record: &Record) -> Vec<PathOutcome> {
    record.delivery.paths.iter().map(|path| path.outcome).collect()
}
