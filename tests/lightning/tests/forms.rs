//! The main job with every form of a delivery: answered and paid, or refused by a payer without money; side by side, through a
//! relay, and to a payer behind our own node.

mod payee;

use std::sync::Arc;

use bitcoin::Network;
use futures_lite::future::block_on;
use invreq::driver::{Payee, SocketTransport, Transport};
use invreq::engine::{Config, Record, Status};
use invreq::ldk::Preimages;
use invreq::store::MemoryStore;
use invreq_lightning::forms::{nodes, ClnHost, LndHost, Lookup, MessengerHost};
use invreq_lightning::{NodeIndex, RefundTerms, Service, Testbed};

use payee::{assert_refused, assert_valid_rpc, params, Wallet};

const AMOUNT: u64 = 50_000_000;

#[test]
fn raw_packets_forwarded_by_ldk() {
    in_every_place(|bed| bed.net.ldk_host(bed.host));
}

#[test]
fn raw_packets_injected_into_core_lightning() {
    in_every_place(|bed| ClnHost::new(nodes::Cln::new(bed.net.clone(), bed.host)));
}

#[test]
fn raw_packets_sent_to_lnds_peers() {
    in_every_place(|bed| LndHost::new(nodes::Lnd::new(bed.net.clone(), bed.host).into()));
}

#[test]
fn invoices_handed_to_a_messenger() {
    in_every_place(|bed| MessengerHost::new(nodes::Messenger::new(bed.net.clone(), bed.host)));
}

#[test]
fn raw_packets_over_a_socket_of_our_own() {
    for through_relay in [false, true] {
        let bed = Testbed::relayed();
        bed.add_penniless_payer();
        let relay = bed.net.node_id(bed.relay.unwrap());
        let service = Arc::new(Service::start(bed).unwrap());
        // No channel, no gossip, no node: a key of the socket's own, and what the service tells.
        let lookup = Lookup::new(service.clone(), through_relay.then_some(relay));
        let builder = SocketTransport::builder(Network::Regtest).directory(lookup);
        let builder = Payee::builder(
            Config::new(Network::Regtest),
            [5; 32],
            MemoryStore::new(),
            service.source(),
            builder.build().unwrap(),
        );
        let (payee, runner) = block_on(builder.open()).unwrap();
        runner.spawn().unwrap();
        let _served = service.serve(payee.clone());

        let request = service.request("payer", AMOUNT).unwrap();
        let record = block_on(payee.send_invoice(params(&request, "paid"))).unwrap();
        assert_eq!((record.status, record.delivery.attempts), (Status::Paid, 1));
        assert_valid_rpc(&record);
        let request = service.request("penniless", AMOUNT).unwrap();
        assert_no_route_found(block_on(payee.send_invoice(params(&request, "refused"))));
    }
}

fn in_every_place<T: Transport + 'static>(transport: impl Fn(&Testbed) -> T) {
    for bed in [Testbed::direct(), Testbed::relayed()] {
        let poor = bed.add_penniless_payer();
        let wallet = Wallet::with_transport(&bed, bed.net.ldk_host(bed.host), transport(&bed));
        is_paid(&bed, &wallet);
        is_refused(&bed, &wallet, poor);
        assert_eq!(block_on(wallet.payee.ignored_replies()), 0);
    }
    let bed = Testbed::behind_host();
    let host = bed.net.ldk_host(bed.host).preimages(Preimages::Node);
    is_paid(&bed, &Wallet::with_transport(&bed, host, transport(&bed)));
}

fn is_paid(bed: &Testbed, wallet: &Wallet) {
    let request = request(bed, bed.payer);
    let record = block_on(wallet.payee.send_invoice(params(&request, "paid"))).unwrap();
    assert_eq!((record.status, record.delivery.attempts), (Status::Paid, 1));
    assert_valid_rpc(&record);
    wallet.assert_payer_has_proof(bed, bed.payer, &record);
}

fn is_refused(bed: &Testbed, wallet: &Wallet, poor: NodeIndex) {
    let request = request(bed, poor);
    assert_no_route_found(block_on(wallet.payee.send_invoice(params(&request, "refused"))));
}

fn assert_no_route_found(result: invreq::Result<Record>) {
    assert_eq!(assert_refused(&result.unwrap_err()), "RouteNotFound");
}

fn request(bed: &Testbed, payer: NodeIndex) -> String {
    let terms = RefundTerms::new(AMOUNT, "a withdrawal");
    bed.net.create_refund(payer, &terms).unwrap()
}
