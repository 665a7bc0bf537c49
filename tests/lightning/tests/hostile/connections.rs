//! Connections that come to nothing, and a socket among them.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bitcoin::Network as Chain;
use futures_lite::future::block_on;
use invreq::driver::{Payee, SocketTransport};
use invreq::engine::{Config, Status};
use invreq::ldk::Preimages;
use invreq::store::MemoryStore;
use invreq_lightning::forms::Lookup;
use invreq_lightning::{MessageTo, Network, RefundTerms, Service, Testbed};

use crate::payee::{params, Wallet};
use crate::{AMOUNT, INVOICE_ERROR};

#[test]
fn connections_that_come_to_nothing_leave_the_job_alone() {
    let bed = Testbed::direct();
    let wallet = Wallet::open(&bed, Preimages::Engine);
    let elsewhere = Network::new();
    let stranger = elsewhere.add_node("stranger");
    let mut half_open = Vec::new();
    for node in [bed.host, bed.payer] {
        half_open.extend((0..200).map(|_| bed.net.accept_stream(node).unwrap()));
        for stop_at in [1, 49, 50, 60] {
            // A handshake begun and broken off: within the first act, after it, and within the third.
            let theirs = elsewhere.dial_stream(stranger, bed.net.node_id(node)).unwrap();
            let ours = bed.net.accept_stream(node).unwrap();
            elsewhere.pump();
            let first_act = elsewhere.drain_stream(theirs, stop_at.min(50)).unwrap();
            bed.net.feed_stream(ours, &first_act).unwrap();
            bed.net.pump();
            let second_act = bed.net.drain_stream(ours, 50).unwrap();
            assert_eq!(second_act.len(), if stop_at < 50 { 0 } else { 50 });
            if stop_at > 50 {
                elsewhere.feed_stream(theirs, &second_act).unwrap();
                elsewhere.pump();
                let third_act = elsewhere.drain_stream(theirs, 10).unwrap();
                bed.net.feed_stream(ours, &third_act).unwrap();
            }
            bed.net.close_stream(ours);
            elsewhere.close_stream(theirs);
        }
        let garbage = bed.net.accept_stream(node).unwrap();
        assert!(bed.net.feed_stream(garbage, &[7; 200]).is_err(), "no handshake");
    }
    let request = bed
        .net
        .create_refund(bed.payer, &RefundTerms::new(AMOUNT, "in the crowd"))
        .unwrap();
    let record = block_on(wallet.payee.send_invoice(params(&request, "crowd"))).unwrap();
    assert_eq!(record.status, Status::Paid);
    // A node does not wait for ever for a handshake.
    for _ in 0..3 {
        bed.net.tick();
    }
    for stream in half_open {
        assert!(bed.net.drain_stream(stream, 1).is_err(), "it is still open");
    }
}

#[test]
fn a_socket_in_a_crowd_of_half_open_connections_and_a_flood() {
    let bed = Testbed::relayed();
    let (net, relay) = (bed.net.clone(), bed.relay.unwrap());
    let stranger = net.add_node("flooder");
    net.connect(stranger, relay).unwrap();
    let (relay_id, payer_id) = (net.node_id(relay), net.node_id(bed.payer));
    let service = Arc::new(Service::start(bed).unwrap());
    let mut crowd = Vec::new();
    for address in [payer_id, relay_id].map(|node| service.addresses(node).remove(0)) {
        let connect = || TcpStream::connect(&address).unwrap();
        crowd.extend((0..20).map(|_| connect()));
        for begun in 0..10 {
            // Hangs up within the first act of the handshake.
            connect().write_all(&[0; 49][..5 * begun]).unwrap();
        }
    }
    let lookup = Lookup::new(service.clone(), Some(relay_id));
    let transport = SocketTransport::builder(Chain::Regtest).directory(lookup);
    let transport = transport.build().unwrap();
    let socket = transport.node_id();
    let config = Config::new(Chain::Regtest);
    let builder = Payee::builder(config, [7; 32], MemoryStore::new(), service.source(), transport);
    let (payee, runner) = block_on(builder.open()).unwrap();
    runner.spawn().unwrap();
    let _served = service.serve(payee.clone());

    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (way, garbage) = ([relay_id], [0x5a; 900]);
            let to = MessageTo::Node(socket);
            let message = net
                .onion_message(stranger, &way, to, INVOICE_ERROR, &garbage)
                .unwrap();
            while !done.load(Ordering::SeqCst) {
                let _ = net.send_onion(stranger, relay_id, &message.1);
                net.pump();
            }
        });
        let request = service.request("payer", AMOUNT).unwrap();
        let paid = block_on(payee.send_invoice(params(&request, "crowd")));
        let begun = Instant::now();
        while block_on(payee.ignored_replies()) == 0 && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(5));
        }
        done.store(true, Ordering::SeqCst);
        assert_eq!(paid.unwrap().status, Status::Paid);
    });
    assert!(
        block_on(payee.ignored_replies()) > 0,
        "the flood reached the socket"
    );
}
