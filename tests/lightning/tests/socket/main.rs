//! The main job over a socket: the wallet has no node, no channel and no gossip to send with, only a TCP connection with a
//! key of its own. The money comes in at the host's node.

#[path = "../calls/mod.rs"]
mod calls;
#[allow(dead_code)] // each test binary uses its own part of this
#[path = "../client/mod.rs"]
mod client;
mod street;

use std::time::Duration;

use futures_lite::future::block_on;
use invreq::engine::{DeliveryState, PathOutcome, SendInvoice, Status};
use invreq::ErrorCode;
use invreq_lightning::Testbed;
use serde_json::json;

use calls::{assert_valid_rpc, params};
use street::{dead_address, node_that, Street};

#[test]
fn a_refund_is_answered_over_a_socket_and_paid() {
    let mut street = Street::new(Testbed::direct());
    let request = street.request("payer");
    let wallet = street.wallet(|builder| builder);
    let record = block_on(wallet.payee.send_invoice(params(&request, "refund"))).unwrap();
    street.assert_paid(&record, "payer");
    assert_eq!(record.delivery.paths[0].outcome, PathOutcome::Accepted);
    // The payer has a peer that nobody knows.
    assert!(street.peers("payer").contains(&wallet.node_id));
    assert!(!street.peers("host").contains(&wallet.node_id));
}

#[test]
fn a_relay_carries_it_where_the_payer_cannot_be_connected_to() {
    let mut street = Street::new(Testbed::relayed());
    let request = street.request("payer");
    let relay = street.node_id("relay");
    let wallet = street.wallet_with(Some(relay), |builder| builder);
    let record = block_on(wallet.payee.send_invoice(params(&request, "relayed"))).unwrap();
    street.assert_paid(&record, "payer");
    assert!(street.peers("relay").contains(&wallet.node_id));
    assert!(!street.peers("payer").contains(&wallet.node_id));
}

#[test]
fn a_payer_without_liquidity_says_so_over_our_socket() {
    for through_relay in [false, true] {
        let bed = Testbed::relayed();
        bed.add_penniless_payer();
        let mut street = Street::new(bed);
        let request = street.request("penniless");
        let relay = street.node_id("relay");
        let wallet = street.wallet_with(through_relay.then_some(relay), |builder| builder);
        let error = block_on(wallet.payee.send_invoice(params(&request, "poor"))).unwrap_err();
        assert_eq!(error.code(), ErrorCode::PayerError, "{error}");
        let record = error.record().unwrap();
        assert_eq!(
            (record.delivery.state, record.status),
            (DeliveryState::Refused, Status::Unpaid)
        );
        assert!(!record.delivery.error.as_ref().unwrap().message.is_empty());
        assert_valid_rpc(record);
    }
}

#[test]
fn bad_addresses_cost_time_and_nothing_else() {
    let mut street = Street::new(Testbed::direct());
    let request = street.request("payer");
    let payer = street.node_id("payer");
    let others = [
        dead_address(),
        // It hangs up in the middle of the handshake; it is no node at all; it never answers.
        node_that(|_| {}),
        node_that(street::garble),
        node_that(|_| std::thread::sleep(Duration::from_secs(60))),
        street.address("host"),
    ];
    let wallet = street.wallet(|mut builder| {
        for address in &others {
            builder = builder.address(payer, address);
        }
        builder
    });
    let sent = SendInvoice {
        timeout: Some(50),
        ..params(&request, "late")
    };
    let record = block_on(wallet.payee.send_invoice(sent)).unwrap();
    street.assert_paid(&record, "payer");
}

#[test]
fn a_payer_nobody_can_reach_ends_the_call_and_not_the_invoice() {
    let mut street = Street::new(Testbed::direct());
    let request = street.request("payer");
    street.forget_addresses();
    let payer = street.node_id("payer");
    let dead = dead_address();
    let wallet = street.wallet(|builder| builder.address(payer, &dead));
    let error = block_on(wallet.payee.send_invoice(params(&request, "gone"))).unwrap_err();
    assert_eq!(
        (error.code(), error.rpc_code()),
        (ErrorCode::NoRoute, 1003),
        "{error}"
    );
    assert_eq!(error.record().unwrap().delivery.state, DeliveryState::Unreachable);
}

#[test]
fn a_node_that_dropped_us_is_connected_to_again() {
    let mut street = Street::new(Testbed::direct());
    let wallet = street.wallet(|builder| builder);
    let first = street.request("payer");
    let record = block_on(wallet.payee.send_invoice(params(&first, "first"))).unwrap();
    street.assert_paid(&record, "payer");

    street.control.call("kill", json!({ "node": "payer" }));
    street.control.call("revive", json!({ "node": "payer" }));
    street
        .control
        .call("reconnect", json!({ "a": "payer", "b": "host" }));
    let second = street.request("payer");
    let record = block_on(wallet.payee.send_invoice(params(&second, "second"))).unwrap();
    street.assert_paid(&record, "payer");
    assert!(street.peers("payer").contains(&wallet.node_id));
}

#[test]
fn a_connection_that_answers_are_awaited_on_is_made_again_by_itself() {
    let mut street = Street::new(Testbed::direct());
    let wallet = street.wallet(|builder| builder);
    let sent = SendInvoice {
        expiry: Some(600),
        ..params(&street.request("payer"), "paid")
    };
    let record = block_on(wallet.payee.send_invoice(sent)).unwrap();
    street.assert_paid(&record, "payer");
    street.control.call("kill", json!({ "node": "payer" }));
    street.control.call("revive", json!({ "node": "payer" }));
    street.wait_for_peer("payer", wallet.node_id);
}
