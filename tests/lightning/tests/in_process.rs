//! A wallet's invoices, answered to real LDK payers over raw onion packets.

mod wallet;

use invreq_lightning::{ChannelTerms, Error, InvoiceDestination, NodeEvent, RefundTerms, Testbed};
use wallet::{Wallet, Way};

const AMOUNT: u64 = 50_000_000;

#[test]
fn a_payer_pays_over_a_direct_channel_and_the_node_rebuilds_the_preimage() {
    let bed = Testbed::direct();
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "withdrawal"))
        .unwrap();
    let inbound = bed
        .net
        .create_inbound_payment(bed.host, AMOUNT, 3600, None)
        .unwrap();
    let wallet = Wallet::new();
    let invoice = wallet.answer(&request, &inbound);
    let way = way_to_payer(&bed, &request);
    let (first_hop, packet) = (way.first_hop(), wallet.packet(&way, &request, &invoice));
    assert_eq!(first_hop, bed.net.node_id(bed.payer));

    bed.net.send_onion(bed.host, first_hop, &packet).unwrap();
    bed.net.pump();
    let events = bed.net.take_events(bed.host);
    let [NodeEvent::PaymentClaimable {
        payment_hash,
        amount_msat,
        claim_deadline,
        preimage,
    }] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((*payment_hash, *amount_msat), (inbound.payment_hash, AMOUNT));
    assert_eq!(*preimage, inbound.preimage);
    let preimage = *preimage;
    assert!(
        claim_deadline.unwrap() > 7,
        "the deadline is a height ahead of the tip"
    );
    assert_eq!(
        bed.net.take_events(bed.payer),
        [],
        "nothing is paid before the host settles"
    );

    let wrong = bed.net.settle(bed.host, inbound.payment_hash, [1; 32]);
    assert!(matches!(wrong, Err(Error::Malformed(_))), "{wrong:?}");
    bed.net
        .settle(bed.host, inbound.payment_hash, preimage.unwrap())
        .unwrap();
    bed.net.pump();
    let claimed = NodeEvent::PaymentClaimed {
        payment_hash: inbound.payment_hash,
        amount_msat: AMOUNT,
        preimage,
    };
    assert_eq!(bed.net.take_events(bed.host), [claimed]);
    let sent = NodeEvent::PaymentSent {
        payment_hash: inbound.payment_hash,
        preimage: preimage.unwrap(),
        amount_msat: Some(AMOUNT),
        fee_msat: Some(0),
        invoice: Some(invoice),
    };
    assert_eq!(bed.net.take_events(bed.payer), [sent]);
    assert_eq!(
        bed.net.settle(bed.host, inbound.payment_hash, preimage.unwrap()),
        Err(Error::NothingToSettle)
    );
}

#[test]
fn a_private_host_behind_a_relay_is_paid_for_a_hash_of_the_callers() {
    let bed = Testbed::relayed();
    let relay = bed.net.node_id(bed.relay.unwrap());
    assert_eq!(
        bed.net.route(bed.host, bed.net.node_id(bed.payer)),
        Some(vec![relay])
    );
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "withdrawal"))
        .unwrap();
    let (preimage, payment_hash) = wallet::preimage(7);
    let inbound = bed
        .net
        .create_inbound_payment(bed.host, AMOUNT, 3600, Some(payment_hash))
        .unwrap();
    assert_eq!(inbound.preimage, None);
    assert_eq!(
        inbound.paths[0].path.introduction,
        invreq::bolt12::Introduction::NodeId(relay),
        "the payer enters at the relay"
    );
    assert_eq!(inbound.paths[0].path.hops.len(), 2);

    let wallet = Wallet::new();
    let invoice = wallet.answer(&request, &inbound);
    let way = way_to_payer(&bed, &request);
    let (first_hop, packet) = (way.first_hop(), wallet.packet(&way, &request, &invoice));
    assert_eq!(first_hop, relay);
    bed.net.send_onion(bed.host, first_hop, &packet).unwrap();
    bed.net.pump();
    let events = bed.net.take_events(bed.host);
    assert!(
        matches!(events[..], [NodeEvent::PaymentClaimable { preimage: None, .. }]),
        "{events:?}"
    );
    bed.net.settle(bed.host, payment_hash, preimage).unwrap();
    bed.net.pump();
    let events = bed.net.take_events(bed.payer);
    let [NodeEvent::PaymentSent {
        preimage: proof,
        fee_msat: Some(fee),
        ..
    }] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(*proof, preimage);
    assert!(*fee >= 1000, "the relay takes its base fee, not {fee}");
    assert!(bed.net.spendable_msat(bed.host) > 0);
}

#[test]
fn an_invoice_that_cannot_be_paid_brings_an_error_to_the_mailbox() {
    for bed in [Testbed::direct(), Testbed::relayed()] {
        let payer = bed.add_penniless_payer();
        let request = bed
            .net
            .create_refund(payer, &RefundTerms::new(AMOUNT, "withdrawal"))
            .unwrap();
        let inbound = bed
            .net
            .create_inbound_payment(bed.host, AMOUNT, 3600, None)
            .unwrap();
        let wallet = Wallet::new();
        let invoice = wallet.answer(&request, &inbound);
        let way = way_to_payer(&bed, &request);
        let (first_hop, packet) = (way.first_hop(), wallet.packet(&way, &request, &invoice));
        bed.net.send_onion(bed.host, first_hop, &packet).unwrap();
        bed.net.pump();
        let events = bed.net.take_events(bed.host);
        let [NodeEvent::OnionMessageIntercepted { next_node, message }] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(*next_node, wallet.mailbox());
        let (payment_hash, error) = wallet.open_error(message);
        assert_eq!(payment_hash, inbound.payment_hash);
        assert_eq!(error, "RouteNotFound");
        let events = bed.net.take_events(payer);
        assert!(
            matches!(events[..], [NodeEvent::PaymentFailed { .. }]),
            "{events:?}"
        );
    }
}

#[test]
fn the_nodes_own_messenger_sends_an_invoice_and_returns_its_error() {
    let bed = Testbed::direct();
    let wallet = Wallet::new();
    let payer = bed.add_penniless_payer();
    for (payer, id) in [(bed.payer, [1; 32]), (payer, [2; 32])] {
        let request = bed
            .net
            .create_refund(payer, &RefundTerms::new(AMOUNT, "withdrawal"))
            .unwrap();
        let inbound = bed
            .net
            .create_inbound_payment(bed.host, AMOUNT, 3600, None)
            .unwrap();
        let invoice = wallet.answer(&request, &inbound);
        let destination = InvoiceDestination::BlindedPath(wallet::request_path(&request));
        bed.net
            .send_invoice(bed.host, &invoice, &destination, Some(id))
            .unwrap();
        bed.net.pump();
    }
    let events = bed.net.take_events(bed.host);
    let [NodeEvent::PaymentClaimable { .. }, NodeEvent::InvoiceErrorReceived {
        reply_path_id,
        error,
        message,
    }] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(*reply_path_id, [2; 32]);
    assert_eq!(message, "RouteNotFound");
    assert!(error.ends_with(b"RouteNotFound"));
}

#[test]
fn a_failed_payment_goes_back_to_the_payer() {
    let bed = Testbed::direct();
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "withdrawal"))
        .unwrap();
    let inbound = bed
        .net
        .create_inbound_payment(bed.host, AMOUNT, 3600, None)
        .unwrap();
    let before = bed.net.spendable_msat(bed.payer);
    let wallet = Wallet::new();
    let way = way_to_payer(&bed, &request);
    let first_hop = way.first_hop();
    let packet = wallet.packet(&way, &request, &wallet.answer(&request, &inbound));
    bed.net.send_onion(bed.host, first_hop, &packet).unwrap();
    bed.net.pump();
    bed.net.fail(bed.host, inbound.payment_hash).unwrap();
    bed.net.pump();
    let events = bed.net.take_events(bed.payer);
    assert!(
        matches!(events[..], [NodeEvent::PaymentFailed { .. }]),
        "{events:?}"
    );
    assert_eq!(bed.net.spendable_msat(bed.payer), before);
}

#[test]
fn cut_and_killed_nodes_are_unreachable_until_they_are_back() {
    let bed = Testbed::direct();
    let wallet = Wallet::new();
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "withdrawal"))
        .unwrap();
    let inbound = bed
        .net
        .create_inbound_payment(bed.host, AMOUNT, 3600, None)
        .unwrap();
    let way = way_to_payer(&bed, &request);
    let first_hop = way.first_hop();
    let packet = wallet.packet(&way, &request, &wallet.answer(&request, &inbound));
    let send = || bed.net.send_onion(bed.host, first_hop, &packet);

    bed.net.disconnect(bed.payer, bed.host);
    assert_eq!(send(), Err(Error::NotConnected));
    assert_eq!(bed.net.route(bed.host, first_hop), None);
    bed.net.connect(bed.payer, bed.host).unwrap();
    bed.net.kill(bed.payer);
    assert_eq!(send(), Err(Error::NotConnected));
    assert_eq!(bed.net.connect(bed.host, bed.payer), Err(Error::NodeIsDown));
    assert!(matches!(
        bed.net.create_refund(bed.payer, &RefundTerms::new(1, "")),
        Err(Error::NodeIsDown)
    ));
    bed.net.mine(3);
    bed.net.revive(bed.payer);
    bed.net.connect(bed.host, bed.payer).unwrap();
    assert_eq!(send(), Ok(()));
    bed.net.pump();
    let events = bed.net.take_events(bed.host);
    assert!(
        matches!(events[..], [NodeEvent::PaymentClaimable { .. }]),
        "{events:?}"
    );
}

#[test]
fn a_packet_for_the_node_itself_is_handled_as_if_it_had_come_from_outside() {
    let bed = Testbed::direct();
    let wallet = Wallet::new();
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "withdrawal"))
        .unwrap();
    let inbound = bed
        .net
        .create_inbound_payment(bed.host, AMOUNT, 3600, None)
        .unwrap();
    let host = bed.net.node_id(bed.host);
    let way = Way {
        hops: vec![host],
        ..way_to_payer(&bed, &request)
    };
    let packet = wallet.packet(&way, &request, &wallet.answer(&request, &inbound));
    bed.net.send_onion(bed.host, host, &packet).unwrap();
    bed.net.pump();
    let events = bed.net.take_events(bed.host);
    assert!(
        matches!(events[..], [NodeEvent::PaymentClaimable { .. }]),
        "{events:?}"
    );
}

#[test]
fn malformed_input_is_refused() {
    let bed = Testbed::direct();
    let payer = bed.net.node_id(bed.payer);
    assert!(matches!(
        bed.net.send_onion(bed.host, payer, &[2; 40]),
        Err(Error::Malformed(_))
    ));
    let to_payer = InvoiceDestination::Node(payer);
    assert!(matches!(
        bed.net.send_invoice(bed.host, &[], &to_payer, None),
        Err(Error::Malformed(_))
    ));
    assert_eq!(bed.net.fail(bed.host, [0; 32]), Err(Error::NothingToSettle));
    let too_much = bed.net.create_inbound_payment(bed.host, u64::MAX, 3600, None);
    assert!(matches!(too_much, Err(Error::Lightning(_))));
    let too_big = ChannelTerms {
        push_msat: u64::MAX,
        ..ChannelTerms::public(1_000_000)
    };
    assert!(matches!(
        bed.net.open_channel(bed.payer, bed.host, too_big),
        Err(Error::Lightning(_))
    ));
}

#[test]
fn a_request_of_ldks_names_its_payer_by_a_channel_that_the_host_resolves() {
    let bed = Testbed::direct();
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "withdrawal"))
        .unwrap();
    let (scid, direction) = wallet::request_channel(&request);
    let resolve = |direction| bed.net.resolve_scid(bed.host, scid, direction);
    assert_eq!(resolve(direction), Some(bed.net.node_id(bed.payer)));
    assert_eq!(resolve(1 - direction), Some(bed.net.node_id(bed.host)));
    assert_eq!(resolve(2), None);
    assert_eq!(bed.net.resolve_scid(bed.host, scid + 1, direction), None);
}

#[test]
fn a_network_can_be_shared_between_threads() {
    fn shareable<T: Send + Sync>(_: &T) {}
    shareable(&Testbed::direct());
}

/// What the host knows of the way to a payer.
fn way_to_payer(bed: &Testbed, request: &str) -> Way {
    let (scid, direction) = wallet::request_channel(request);
    let introduction = bed
        .net
        .resolve_scid(bed.host, scid, direction)
        .expect("a public channel");
    let hops = bed
        .net
        .route(bed.host, introduction)
        .expect("the payer can be reached");
    Way {
        introduction,
        hops,
        reply_hops: bed.net.reply_route(bed.host),
    }
}
