//! The terms of payments, ways through the network, and the names of channels.

use bitcoin::secp256k1::PublicKey;
use futures_lite::future::block_on;
use invreq::driver::{Clock, PaymentSource, SystemClock, Transport};
use invreq::engine::{InboundPaymentRequest, ReplyPath, Status};
use invreq::ldk::{LdkHost, Preimages};
use invreq::{InvreqId, PaymentHash, Preimage};
use invreq_lightning::{ChannelTerms, NodeIndex, RefundTerms, Testbed};

use crate::payee::{params, Wallet};
use crate::AMOUNT;

#[test]
fn a_payment_beyond_the_channels_or_the_time_is_refused_in_words() {
    let bed = Testbed::direct();
    let host = bed.net.ldk_host(bed.host);
    let request = |amount_msat, expires_at| InboundPaymentRequest {
        amount_msat,
        expires_at,
        payment_hash: Preimage::new([1; 32]).payment_hash(),
        label: String::new(),
        invreq_id: InvreqId([0; 32]),
    };
    let later = now() + 3600;
    let create = |request| block_on(host.create_inbound_payment(&request)).map_err(|error| error.0);
    let capacity = Testbed::CAPACITY_SAT * 1000;

    let made = create(request(AMOUNT, later)).unwrap();
    assert_eq!(made.payment_hash, Some(Preimage::new([1; 32]).payment_hash()));
    assert_eq!((made.preimage, made.mpp), (None, true));
    let until = made.paths_expire_at.unwrap();
    assert!((later..later + 5).contains(&until), "{until}");
    let [path] = &made.paths[..] else {
        panic!("{:?}", made.paths)
    };
    assert!(path.payinfo.htlc_maximum_msat >= AMOUNT);

    let too_much = create(request(capacity + 1, later)).unwrap_err();
    assert!(
        too_much.starts_with("the channels can receive at most "),
        "{too_much}"
    );
    assert!(
        too_much.ends_with(&format!("msat, not {}", capacity + 1)),
        "{too_much}"
    );
    let too_late = create(request(AMOUNT, 1)).unwrap_err();
    assert_eq!(too_late, "the invoice would have expired already");
    let too_long = create(request(AMOUNT, u64::MAX)).unwrap_err();
    assert_eq!(too_long, "the invoice would live too long");
    assert_eq!(block_on(host.can_receive(AMOUNT)), Some(true));
    assert_eq!(block_on(host.can_receive(capacity + 1)), Some(false));

    let own = create_with(&bed, Preimages::Node, request(AMOUNT, later));
    assert_eq!(own.0, own.1.map(|preimage| preimage.payment_hash()));
    let own = create_with(&bed, Preimages::NodeOnly, request(AMOUNT, later));
    assert!(own.0.is_some() && own.1.is_none());
}

fn create_with(
    bed: &Testbed,
    preimages: Preimages,
    request: InboundPaymentRequest,
) -> (Option<PaymentHash>, Option<Preimage>) {
    let host = bed.net.ldk_host(bed.host).preimages(preimages);
    let made = block_on(host.create_inbound_payment(&request)).unwrap();
    (made.payment_hash, made.preimage)
}

#[test]
fn a_message_takes_the_shortest_way_over_nodes_that_relay() {
    // us - a - b - target, and us - a - c - d - target.
    let bed = Testbed::direct();
    let net = &bed.net;
    let nodes = ["us", "a", "b", "c", "d", "target"].map(|name| net.add_node(name));
    let [us, a, b, c, d, target] = nodes;
    for (one, other) in [(us, a), (a, b), (b, target), (a, c), (c, d), (d, target)] {
        join(&bed, one, other, true);
    }
    let id = |node| net.node_id(node);
    let host = net.ldk_host(us);
    let route = |to| block_on(host.find_route(id(to))).map(|route| route.map(|route| route.via));

    assert_eq!(route(us), Ok(Some(vec![])));
    assert_eq!(route(a), Ok(Some(vec![])));
    assert_eq!(route(b), Ok(Some(vec![id(a)])));
    assert_eq!(route(target), Ok(Some(vec![id(a), id(b)])));
    assert_eq!(route(d), Ok(Some(vec![id(a), id(c)])));
    assert_eq!(route(bed.payer), Ok(None), "another part of the world");

    // Who loses a peer disables the channel after a while, and others hear of it.
    net.disconnect(b, target);
    (0..15).for_each(|_| net.tick());
    assert_eq!(route(target), Ok(Some(vec![id(a), id(c), id(d)])));
    net.connect(b, target).unwrap();
    (0..15).for_each(|_| net.tick());
    assert_eq!(route(target), Ok(Some(vec![id(a), id(b)])));

    // A peer without a channel is a shorter way.
    net.connect(us, b).unwrap();
    assert_eq!(
        route(target),
        Ok(Some(vec![id(a), id(b)])),
        "who has a channel relays for us"
    );
    net.disconnect(us, a);
    assert_eq!(route(target), Ok(Some(vec![id(b)])));
    net.disconnect(us, b);
    let error = route(target).unwrap_err();
    assert_eq!(error.0, "the node has no peers now");
}

#[test]
fn a_way_is_eight_nodes_long_at_most() {
    let bed = Testbed::direct();
    let nodes: Vec<_> = (0..11)
        .map(|number| bed.net.add_node(&format!("node {number}")))
        .collect();
    for pair in nodes.windows(2) {
        join(&bed, pair[0], pair[1], true);
    }
    let host = bed.net.ldk_host(nodes[0]);
    let route = |to: usize| block_on(host.find_route(bed.net.node_id(nodes[to]))).unwrap();
    assert_eq!(route(9).unwrap().via.len(), 8);
    assert_eq!(route(10), None);
}

#[test]
fn who_is_no_peer_is_connected_to_where_the_wallet_can() {
    let bed = Testbed::direct();
    let net = bed.net.clone();
    let lonely = net.add_node("lonely");
    net.connect(lonely, bed.payer).unwrap();
    net.pump();
    net.disconnect(lonely, bed.payer);
    let (payer, ours) = (bed.payer, net.clone());
    let plain = net.ldk_host(lonely);
    assert!(
        block_on(plain.find_route(net.node_id(payer))).is_err(),
        "it has no peers"
    );

    let host = plain.connect_with(move |node_id, addresses| {
        let net = ours.clone();
        async move {
            assert_eq!(net.node_id(payer), node_id);
            assert!(!addresses.is_empty());
            net.connect(lonely, payer).unwrap();
        }
    });
    let route = block_on(host.find_route(net.node_id(payer))).unwrap().unwrap();
    assert_eq!(route.connect, ["127.0.0.1:9735"]);
    assert!(route.via.is_empty());

    // The money comes in elsewhere, and the message goes out here.
    let request = net
        .create_refund(payer, &RefundTerms::new(AMOUNT, "connect"))
        .unwrap();
    let wallet = Wallet::with_transport(&bed, net.ldk_host(bed.host), host);
    let record = block_on(wallet.payee.send_invoice(params(&request, "connect"))).unwrap();
    assert_eq!(record.status, Status::Paid);
}

#[test]
fn replies_come_through_a_peer_where_the_node_is_private() {
    let bed = Testbed::relayed();
    let reply = |host: LdkHost| {
        let route = block_on(host.find_route(bed.net.node_id(bed.payer))).unwrap();
        route.unwrap().reply
    };
    let [payer, relay, host] = [bed.payer, bed.relay.unwrap(), bed.host].map(|node| bed.net.node_id(node));
    let private = bed.net.ldk_host(bed.host);
    assert_eq!(
        reply(private.clone()),
        ReplyPath::Ours {
            via: vec![relay, host]
        }
    );
    assert_eq!(reply(private.without_replies()), ReplyPath::None);
    assert_eq!(
        reply(bed.net.ldk_host(bed.payer)),
        ReplyPath::Ours { via: vec![payer] }
    );
}

#[test]
fn the_ends_of_a_private_channel_are_known_to_its_ends_by_every_name() {
    let bed = Testbed::relayed();
    let (relay, host) = (bed.relay.unwrap(), bed.host);
    let names = bed.net.channel_names(host);
    assert!(names.len() >= 2, "{names:?}");
    let mut ends: [PublicKey; 2] = [relay, host].map(|node| bed.net.node_id(node));
    ends.sort_by_key(PublicKey::serialize);
    for scid in names {
        for (direction, end) in [0u8, 1].into_iter().zip(ends) {
            assert_eq!(bed.net.resolve_scid(host, scid, direction), Some(end));
            assert_eq!(bed.net.resolve_scid(bed.payer, scid, direction), None);
        }
        assert_eq!(bed.net.resolve_scid(host, scid, 2), None);
    }
    let fresh = bed.net.add_node("fresh");
    let error = block_on(bed.net.ldk_host(fresh).resolve_scid(1, 0)).unwrap_err();
    assert_eq!(error.0, "the node knows no channels yet");
}

fn join(bed: &Testbed, one: NodeIndex, other: NodeIndex, public: bool) {
    bed.net.connect(one, other).unwrap();
    let terms = match public {
        true => ChannelTerms::public(100_000),
        false => ChannelTerms::private(100_000),
    };
    bed.net.open_channel(one, other, terms).unwrap();
}

fn now() -> u64 {
    SystemClock.now_ms() / 1000
}
