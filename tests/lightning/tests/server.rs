//! The test server as a client in another process sees it.

mod client;
mod wallet;

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bitcoin::secp256k1::PublicKey;
use client::{tcp, web_socket, Client, PATIENCE};
use hex_conservative::{DisplayHex, FromHex};
use invreq::bolt12::{BlindedHop, BlindedPath, Introduction, PayInfo, PaymentPath};
use invreq_lightning::{InboundPayment, InvoiceDestination, Network, Server, StreamId, Testbed};
use serde_json::{json, Value};
use tungstenite::{Message, WebSocket};
use wallet::{Wallet, Way};

const AMOUNT: u64 = 50_000_000;

#[test]
fn a_wallet_is_paid_through_the_control_api_over_tcp_and_over_web_sockets() {
    let server = Server::start(Testbed::relayed()).unwrap();
    for fill in [9, 10] {
        let mut control = match fill {
            9 => Client::over_tcp(server.greeting()),
            _ => Client::over_web_socket(server.greeting()),
        };
        let wallet = Wallet::new();
        let request = create_request(&mut control, "payer");
        let (preimage, payment_hash) = wallet::preimage(fill);
        let invoice = wallet.answer(
            &request,
            &create_inbound_payment(&mut control, Some(payment_hash)),
        );
        let way = way(&mut control, &request);
        let packet = hex(&wallet.packet(&way, &request, &invoice));
        control.call(
            "send_onion",
            json!({ "first_hop": way.first_hop().to_string(), "message": packet }),
        );
        let claimable = control.event("payment_claimable");
        assert_eq!(
            (&claimable["node"], &claimable["amount_msat"]),
            (&json!("host"), &json!(AMOUNT))
        );
        assert_eq!(
            (&claimable["payment_hash"], &claimable["preimage"]),
            (&hex(&payment_hash), &Value::Null)
        );
        control.call(
            "settle",
            json!({ "payment_hash": hex(&payment_hash), "preimage": hex(&preimage) }),
        );
        assert_eq!(control.event("payment_claimed")["amount_msat"], AMOUNT);
        let sent = control.event("payment_sent");
        assert_eq!(
            (&sent["node"], &sent["preimage"]),
            (&json!("payer"), &hex(&preimage))
        );
        assert_eq!(sent["invoice"], hex(&invoice));
        assert!(sent["fee_msat"].as_u64().unwrap() > 0);
    }
}

#[test]
fn a_payer_without_liquidity_answers_with_an_error_in_the_mailbox() {
    let bed = Testbed::direct();
    bed.add_penniless_payer();
    let server = Server::start(bed).unwrap();
    let mut control = Client::over_tcp(server.greeting());
    let mut onlooker = Client::over_web_socket(server.greeting());
    let height = onlooker.call("info", json!({}))["block_height"].as_u64().unwrap();
    assert_eq!(
        onlooker.call("mine", json!({ "blocks": 2 }))["block_height"],
        height + 2
    );
    let wallet = Wallet::new();
    let request = create_request(&mut control, "penniless");
    let inbound = create_inbound_payment(&mut control, None);
    let way = way(&mut control, &request);
    let packet = wallet.packet(&way, &request, &wallet.answer(&request, &inbound));
    control.call(
        "send_onion",
        json!({ "first_hop": way.first_hop().to_string(), "message": hex(&packet) }),
    );
    for client in [&mut control, &mut onlooker] {
        let intercepted = client.event("onion_message_intercepted");
        assert_eq!(intercepted["next_node"], wallet.mailbox().to_string());
        let (payment_hash, error) = wallet.open_error(&bytes(&intercepted["message"]));
        assert_eq!(
            (payment_hash, &error[..]),
            (inbound.payment_hash, "RouteNotFound")
        );
    }
}

#[test]
fn an_outside_node_connects_by_bolt_8_over_tcp_and_sends_an_invoice() {
    let server = Server::start(Testbed::direct()).unwrap();
    let mut control = Client::over_tcp(server.greeting());
    let request = create_request(&mut control, "payer");
    let inbound = create_inbound_payment(&mut control, None);
    let payer = &server.greeting()["nodes"]["payer"];

    let outside = Network::new();
    let node = outside.add_node("outside");
    let payer_id: PublicKey = payer["node_id"].as_str().unwrap().parse().unwrap();
    let stream = outside.dial_stream(node, payer_id).unwrap();
    let mut socket = tcp(payer["tcp"].as_str().unwrap());
    carry_tcp(&outside, stream, &mut socket, || {
        outside.peers(node) == [payer_id]
    });

    let path = payer_path(&request, payer_id);
    let invoice = Wallet::new().answer(&request, &inbound);
    let destination = InvoiceDestination::BlindedPath(path);
    outside.send_invoice(node, &invoice, &destination, None).unwrap();
    outside.pump();
    socket
        .write_all(&outside.drain_stream(stream, usize::MAX).unwrap())
        .unwrap();
    assert_eq!(
        control.event("payment_claimable")["payment_hash"],
        hex(&inbound.payment_hash)
    );
}

#[test]
fn an_outside_node_connects_by_bolt_8_over_web_sockets() {
    let server = Server::start(Testbed::relayed()).unwrap();
    let relay = &server.greeting()["nodes"]["relay"];
    let relay_id: PublicKey = relay["node_id"].as_str().unwrap().parse().unwrap();
    let outside = Network::new();
    let node = outside.add_node("outside");
    let stream = outside.dial_stream(node, relay_id).unwrap();
    let mut socket = web_socket(relay["ws"].as_str().unwrap());
    carry_web_socket(&outside, stream, &mut socket, || {
        outside.peers(node) == [relay_id]
    });
    let mut control = Client::over_web_socket(server.greeting());
    // payer, host and the outside node, until it vanishes
    wait_for_peers(&mut control, "relay", 3);
    drop(socket);
    wait_for_peers(&mut control, "relay", 2);
}

#[test]
fn links_and_nodes_go_down_and_come_back() {
    let server = Server::start(Testbed::relayed()).unwrap();
    let mut control = Client::over_tcp(server.greeting());
    let payer = server.greeting()["nodes"]["payer"]["node_id"].clone();
    let relay = server.greeting()["nodes"]["relay"]["node_id"].clone();
    let hops = |control: &mut Client| control.call("route", json!({ "target": payer }))["hops"].clone();
    assert_eq!(hops(&mut control), json!([relay]));
    control.call("cut_off", json!({ "a": "relay", "b": "host" }));
    assert_eq!(hops(&mut control), Value::Null);
    control.call("reconnect", json!({ "a": "relay", "b": "host" }));
    assert_eq!(hops(&mut control), json!([relay]));
    control.call("kill", json!({ "node": "relay" }));
    assert_eq!(hops(&mut control), Value::Null);
    assert_eq!(
        control.refused("reconnect", json!({ "a": "relay", "b": "host" })),
        "node_is_down"
    );
    let mut refused = tcp(server.greeting()["nodes"]["relay"]["tcp"].as_str().unwrap());
    assert_eq!(refused.read(&mut [0; 1]).unwrap_or(0), 0, "a dead node hangs up");
    control.call("revive", json!({ "node": "relay" }));
    control.call("reconnect", json!({ "a": "host", "b": "relay" }));
    assert_eq!(hops(&mut control), json!([relay]));
}

#[test]
fn bad_requests_are_refused_by_code() {
    let server = Server::start(Testbed::direct()).unwrap();
    for mut control in [
        Client::over_tcp(server.greeting()),
        Client::over_web_socket(server.greeting()),
    ] {
        for text in ["", "no json", "[1]", "{\"id\":", "\u{1f300}"] {
            control.send_raw(text);
            let answer = control.receive();
            assert_eq!(
                (&answer["id"], &answer["error"]["code"]),
                (&Value::Null, &json!("not_a_request"))
            );
        }
        let point = server.greeting()["nodes"]["payer"]["node_id"].clone();
        for (method, params, code) in [
            ("", json!({}), "unknown_method"),
            ("info", json!([1]), "invalid_params"),
            ("create_request", json!({ "amount_msat": -1 }), "invalid_params"),
            ("create_request", json!({ "amount_msat": u64::MAX }), "lightning"),
            (
                "create_request",
                json!({ "amount_msat": 1, "expiry_secs": 1u64 << 32 }),
                "invalid_params",
            ),
            (
                "create_request",
                json!({ "amount_msat": 1, "node": "nobody" }),
                "unknown_node",
            ),
            (
                "create_inbound_payment",
                json!({ "amount_msat": u64::MAX }),
                "lightning",
            ),
            (
                "create_inbound_payment",
                json!({ "amount_msat": 1, "payment_hash": "00" }),
                "invalid_params",
            ),
            (
                "resolve_scid",
                json!({ "sciddir": "020000000000000001" }),
                "invalid_params",
            ),
            ("route", json!({ "target": "02" }), "invalid_params"),
            (
                "send_onion",
                json!({ "first_hop": point, "message": "0g" }),
                "invalid_params",
            ),
            (
                "send_onion",
                json!({ "first_hop": point, "message": "00" }),
                "malformed",
            ),
            (
                "send_invoice",
                json!({ "invoice": "00", "node_id": point }),
                "malformed",
            ),
            ("send_invoice", json!({ "invoice": "00" }), "invalid_params"),
            ("settle", json!({ "payment_hash": "00" }), "invalid_params"),
            (
                "fail",
                json!({ "payment_hash": hex(&[0; 32]) }),
                "nothing_to_settle",
            ),
            ("kill", json!({}), "invalid_params"),
        ] {
            assert_eq!(control.refused(method, params.clone()), code, "{method} {params}");
        }
        assert_eq!(
            control.call("resolve_scid", json!({ "sciddir": "000000000000000001" }))["node_id"],
            json!(null)
        );
    }
}

#[test]
fn garbage_and_half_open_connections_leave_the_others_alone() {
    let server = Server::start(Testbed::direct()).unwrap();
    let greeting = server.greeting().clone();
    let mut control = Client::over_tcp(&greeting);
    let addresses = [&greeting["control"], &greeting["nodes"]["host"]]
        .map(|service| [service["tcp"].as_str().unwrap(), service["ws"].as_str().unwrap()])
        .concat();
    let mut kept = Vec::new();
    for address in addresses {
        let address = address.trim_start_matches("ws://");
        let _half_open = (0..40).map(|_| kept.push(tcp(address))).count();
        for garbage in [
            vec![0u8; 100],
            vec![0xff; 1_000_000],
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        ] {
            let mut socket = tcp(address);
            // The server may hang up in the middle.
            let _ = socket.write_all(&garbage);
            kept.push(socket);
        }
        control.call("info", json!({}));
        kept.clear();
    }
    control.call("create_request", json!({ "amount_msat": AMOUNT }));
}

#[test]
fn a_line_without_end_is_hung_up_on() {
    let server = Server::start(Testbed::direct()).unwrap();
    let mut socket = tcp(server.greeting()["control"]["tcp"].as_str().unwrap());
    // The server may hang up in the middle.
    let _ = socket.write_all(&[b' '; 300_000]);
    match socket.read(&mut [0; 1]) {
        Ok(len) => assert_eq!(len, 0),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

#[test]
fn a_client_that_does_not_read_its_answers_is_not_listened_to_until_it_does() {
    let server = Server::start(Testbed::direct()).unwrap();
    let mut control = Client::over_tcp(server.greeting());
    let mut deaf = tcp(server.greeting()["control"]["tcp"].as_str().unwrap());
    deaf.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let questions = "{\"method\":\"info\"}\n".repeat(1000);
    let error = (0..1000)
        .find_map(|_| deaf.write_all(questions.as_bytes()).err())
        .expect("no one reads 20 MB");
    assert!(
        matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "{error}"
    );
    control.call("info", json!({}));
    let answers = BufReader::new(deaf).lines().take(10_000);
    assert_eq!(
        answers
            .filter(|line| line.as_ref().is_ok_and(|line| line.contains("result")))
            .count(),
        10_000
    );
}

#[test]
fn the_binary_greets_serves_and_stops() {
    let spawn = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_test-server"));
        command.arg("direct").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let greeting: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(greeting["event"], "ready");
        (child, greeting)
    };
    let (mut child, greeting) = spawn();
    let mut control = Client::over_tcp(&greeting);
    let info = control.call("info", json!({}));
    assert_eq!(info["nodes"]["penniless"]["spendable_msat"], 0);
    assert_eq!(control.call("shutdown", json!({})), json!({}));
    assert!(child.wait().unwrap().success());

    let (mut child, _) = spawn();
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

fn wait_for_peers(control: &mut Client, node: &str, count: usize) {
    let patience_ends = Instant::now() + PATIENCE;
    while control.call("info", json!({}))["nodes"][node]["peers"]
        .as_array()
        .unwrap()
        .len()
        != count
    {
        assert!(
            Instant::now() < patience_ends,
            "{node} has {count} peers in the end"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn create_request(control: &mut Client, node: &str) -> String {
    let request = control.call("create_request", json!({ "node": node, "amount_msat": AMOUNT }));
    request["request"].as_str().unwrap().to_owned()
}

fn create_inbound_payment(control: &mut Client, payment_hash: Option<[u8; 32]>) -> InboundPayment {
    let payment_hash = payment_hash.map(|hash| hex(&hash));
    let params = json!({ "amount_msat": AMOUNT, "payment_hash": payment_hash });
    let payment = control.call("create_inbound_payment", params);
    InboundPayment {
        payment_hash: bytes(&payment["payment_hash"]).try_into().unwrap(),
        preimage: payment["preimage"]
            .is_string()
            .then(|| bytes(&payment["preimage"]).try_into().unwrap()),
        paths: payment["paths"]
            .as_array()
            .unwrap()
            .iter()
            .map(payment_path)
            .collect(),
    }
}

fn payment_path(path: &Value) -> PaymentPath {
    let hop = |hop: &Value| BlindedHop {
        blinded_node_id: key(&hop["blinded_node_id"]),
        encrypted_recipient_data: bytes(&hop["encrypted_recipient_data"]),
    };
    let info = &path["payinfo"];
    let number = |name: &str| info[name].as_u64().unwrap();
    PaymentPath {
        path: BlindedPath {
            introduction: Introduction::NodeId(key(&path["introduction"])),
            path_key: key(&path["first_path_key"]),
            hops: path["hops"].as_array().unwrap().iter().map(hop).collect(),
        },
        payinfo: PayInfo {
            fee_base_msat: number("fee_base_msat").try_into().unwrap(),
            fee_proportional_millionths: number("fee_proportional_millionths").try_into().unwrap(),
            cltv_expiry_delta: number("cltv_expiry_delta").try_into().unwrap(),
            htlc_minimum_msat: number("htlc_minimum_msat"),
            htlc_maximum_msat: number("htlc_maximum_msat"),
            features: bytes(&info["features"]),
        },
    }
}

/// What the control API tells about the way to a payer, whose LDK names itself by a channel.
fn way(control: &mut Client, request: &str) -> Way {
    let (scid, direction) = wallet::request_channel(request);
    let sciddir = hex(&[&[direction][..], &scid.to_be_bytes()].concat());
    let introduction = key(&control.call("resolve_scid", json!({ "sciddir": sciddir }))["node_id"]);
    let route = control.call("route", json!({ "target": introduction.to_string() }));
    let reply_route = control.call("reply_route", json!({}));
    let hops = |route: &Value| route["hops"].as_array().unwrap().iter().map(key).collect();
    Way {
        introduction,
        hops: hops(&route),
        reply_hops: hops(&reply_route),
    }
}

/// The request's path with the payer's node id in place of its channel, which an outside node does not know.
fn payer_path(request: &str, payer: PublicKey) -> Vec<u8> {
    [&payer.serialize()[..], &wallet::request_path(request)[9..]].concat()
}

fn carry_tcp(net: &Network, stream: StreamId, socket: &mut TcpStream, is_done: impl Fn() -> bool) {
    while !is_done() {
        net.pump();
        socket
            .write_all(&net.drain_stream(stream, usize::MAX).unwrap())
            .unwrap();
        let mut buffer = [0; 4096];
        let len = if is_done() {
            0
        } else {
            socket.read(&mut buffer).unwrap()
        };
        net.feed_stream(stream, &buffer[..len]).unwrap();
    }
}

fn carry_web_socket(
    net: &Network,
    stream: StreamId,
    socket: &mut WebSocket<TcpStream>,
    is_done: impl Fn() -> bool,
) {
    while !is_done() {
        net.pump();
        let bytes = net.drain_stream(stream, usize::MAX).unwrap();
        if !bytes.is_empty() {
            socket.send(Message::binary(bytes)).unwrap();
        }
        if !is_done() {
            net.feed_stream(stream, &socket.read().unwrap().into_data())
                .unwrap();
        }
    }
}

fn hex(bytes: &[u8]) -> Value {
    Value::String(bytes.to_lower_hex_string())
}

fn bytes(value: &Value) -> Vec<u8> {
    Vec::from_hex(value.as_str().unwrap()).unwrap()
}

fn key(value: &Value) -> PublicKey {
    value.as_str().unwrap().parse().unwrap()
}
