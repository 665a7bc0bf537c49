//! A payer publishes a request, and a payee without a node of its own gets paid.

use std::time::{Duration, Instant};

use bitcoin::Network;
use futures_lite::future::block_on;
use invreq::decode::{decode_with, DecodeOptions};
use invreq::driver::Payee;
use invreq::engine::{Config, Event, Record, SendInvoice};
use invreq::ldk::LdkHost;
use invreq::store::MemoryStore;
use invreq_lightning::{NodeEvent, RefundTerms, Testbed};

use lightning::events::Event as LdkEvent;

use crate::say::{sat, wrap, Teller};
use crate::{qr, Told};

const AMOUNT_MSAT: u64 = 50_000_000;
const PATIENCE: Duration = Duration::from_secs(60);

pub fn tell() -> Told {
    let teller = Teller::new();
    teller.chapter("1. Two Lightning nodes");
    let bed = Testbed::direct();
    teller.step("A payer (an exchange, say) and a host (the wallet's node) are up: two real LDK nodes.");
    teller.detail(&format!(
        "payer {}\nhost  {}\nThey shook hands over BOLT 8 and share a public channel of {}.",
        bed.net.node_id(bed.payer),
        bed.net.node_id(bed.host),
        sat(Testbed::CAPACITY_SAT.saturating_mul(1000)),
    ));

    teller.chapter("2. The payer publishes an invoice request");
    let terms = RefundTerms::new(AMOUNT_MSAT, "Withdrawal no. 1729");
    let request = bed.net.create_refund(bed.payer, &terms)?;
    teller.step("\"Whoever answers this gets paid\" - as text, or as a QR code on a screen:");
    println!();
    println!(
        "{}",
        qr::draw(&request).ok_or("the request does not fit a QR code")?
    );
    teller.detail(&wrap(&request));

    teller.chapter("3. The wallet scans it, and asks what it is");
    let regtest = DecodeOptions::network("regtest")?;
    println!("{}", decode_with(&request, &regtest)?);

    teller.chapter("4. The wallet answers");
    let wallet = open_wallet(&bed)?;
    let record = answer(&teller, &bed, wallet, &request)?;

    teller.chapter("5. The record, as sendinvoice returns it");
    let json = record.to_rpc();
    println!("{}", pretty(&json)?);
    invreq_schema::validate_response(&json)?;
    teller.good("It keeps the contract of Core Lightning's sendinvoice (tests/schema).");
    Ok(())
}

struct Wallet {
    payee: Payee,
    host: LdkHost,
}

fn open_wallet(bed: &Testbed) -> Told<Wallet> {
    let host = bed.net.ldk_host(bed.host);
    let config = Config::new(Network::Regtest);
    let seed = *b"a seed for nothing but this demo";
    let builder = Payee::builder(config, seed, MemoryStore::new(), host.clone(), host.clone());
    let (payee, runner) = block_on(builder.open())?;
    runner.spawn()?;
    Ok(Wallet { payee, host })
}

/// Runs the call in a thread of its own, and tells meanwhile what happens.
fn answer(teller: &Teller, bed: &Testbed, wallet: Wallet, request: &str) -> Told<Record> {
    let Wallet { payee, host } = wallet;
    let mut events = payee.events();
    let params = SendInvoice {
        invreq: request.to_owned(),
        label: "withdrawal-1729".to_owned(),
        ..SendInvoice::default()
    };
    let caller = payee.clone();
    let call = std::thread::spawn(move || block_on(caller.send_invoice(params)));
    let begun = Instant::now();
    loop {
        while let Some(Ok(event)) = events.try_recv() {
            tell_event(teller, &event);
        }
        bed.net.pump();
        for event in bed.net.take_ldk_events(bed.host) {
            tell_node_event(teller, &event);
            block_on(host.handle_event(&payee, &event))
                .map_err(|_| "the wallet could not deal with an event")?;
        }
        tell_payer_events(teller, bed);
        if call.is_finished() {
            break;
        }
        if begun.elapsed() > PATIENCE {
            return Err("nothing was paid within a minute".into());
        }
    }
    while let Some(Ok(event)) = events.try_recv() {
        tell_event(teller, &event);
    }
    bed.net.pump();
    tell_payer_events(teller, bed);
    let result = call.join().map_err(|_| "the call did not end well")?;
    Ok(result?)
}

fn tell_event(teller: &Teller, event: &Event) {
    match event {
        Event::Created(record) => {
            teller.step(
                "The invoice is built, signed with a fresh key, checked as the payer will, and written down:",
            );
            teller.detail(&wrap(&record.bolt12));
        }
        Event::Delivery(record) => {
            teller.step(&format!(
                "Delivery: {:?}. The form is a raw onion packet, forwarded by the host to its peer; the reply path is \
                 our own,\n           through the host to a key that only this wallet has.",
                record.delivery.state
            ));
        }
        Event::Claiming(_) => {
            teller.step("The claim is written down first; only then does the preimage leave invreq.")
        }
        Event::Paid(record) => {
            teller.good(&format!(
                "Paid. The record of {:?} is {}.",
                record.label,
                record.status.as_str()
            ));
        }
        _ => {}
    }
}

fn tell_node_event(teller: &Teller, event: &LdkEvent) {
    match event {
        LdkEvent::PaymentClaimable { amount_msat, .. } => {
            teller.step(&format!(
                "HTLCs over {} have arrived at the host and are held there.",
                sat(*amount_msat)
            ));
        }
        LdkEvent::PaymentClaimed { amount_msat, .. } => {
            teller.step(&format!(
                "The host settled them with the preimage: {} received.",
                sat(*amount_msat)
            ));
        }
        _ => {}
    }
}

fn tell_payer_events(teller: &Teller, bed: &Testbed) {
    for event in bed.net.take_events(bed.payer) {
        if let NodeEvent::PaymentSent {
            fee_msat, invoice, ..
        } = event
        {
            let proof = if invoice.is_some() {
                "our invoice and the preimage"
            } else {
                "the preimage"
            };
            let fee = fee_msat.unwrap_or_default();
            teller.step(&format!(
                "The payer's node says: sent, for a fee of {fee} msat; it keeps {proof} as proof."
            ));
        }
    }
}

fn pretty(json: &str) -> Told<String> {
    // The order of the fields is the contract's, so the text is indented as it is and not read into a map.
    let mut out = String::new();
    let mut quoted = false;
    let mut escaped = false;
    for character in json.chars() {
        match character {
            '{' if !quoted => out.push_str("{\n  "),
            '}' if !quoted => out.push_str("\n}"),
            ',' if !quoted => out.push_str(",\n  "),
            ':' if !quoted => out.push_str(": "),
            other => out.push(other),
        }
        quoted ^= character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
    }
    Ok(out)
}
