//! The lines of a transcript, as `README.md` describes them.

use invreq::bolt12::{Bolt12, Kind};
use invreq::driver::Verdict;
use invreq::engine::{
    ClaimApproval, Delivery, Event, InboundPaymentRequest, Page, PathReport, Preview, Record,
};
use invreq::store::Batch;
use invreq::{Decoded, Error, ErrorDetails, Preimage};
use serde::Serialize;

/// FNV-1a of 64 bits: what stands for bytes that are too long for a line.
pub fn mark(bytes: &[u8]) -> String {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", bytes.iter().fold(0xcbf2_9ce4_8422_2325, fold))
}

/// The bytes as hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A word of an enum, as every language spells it.
fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

/// `-` where there is nothing.
fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or("-".to_owned(), |value| value.to_string())
}

pub fn write(batch: &Batch) -> String {
    let puts = batch
        .puts
        .iter()
        .map(|entry| format!(" +{}={}", hex(&entry.key), mark(&entry.value)));
    let deletes = batch.deletes.iter().map(|key| format!(" -{}", hex(key)));
    let absent = batch.absent.iter().map(|key| format!(" !{}", hex(key)));
    let all: String = puts.chain(deletes).chain(absent).collect();
    format!("write {}{all}", batch.revision)
}

pub fn source(asked: &InboundPaymentRequest) -> String {
    let InboundPaymentRequest {
        amount_msat,
        expires_at,
        payment_hash,
        label,
        invreq_id,
    } = asked;
    format!("ask source {amount_msat} {expires_at} {payment_hash} {invreq_id} {label}")
}

pub fn send(delivery: &Delivery) -> String {
    let via: Vec<String> = delivery.via.iter().map(ToString::to_string).collect();
    let hops = delivery.path.as_ref().map(|path| path.hops.len());
    let (message, invoice) = (&delivery.packet.message, &delivery.invoice);
    let size = message.len();
    let reply = if delivery.reply_path_id.is_some() {
        " reply"
    } else {
        ""
    };
    format!(
        "send {} {} via [{}] first {} path {} packet {size}:{} invoice {}{reply} {}",
        delivery.id,
        delivery.node_id,
        via.join(","),
        delivery.packet.first_hop,
        or_dash(hops),
        mark(message),
        mark(invoice),
        delivery.label
    )
}

pub fn record(record: &Record) -> String {
    let claiming = if record.claiming { "+claiming" } else { "" };
    let path = |path: &PathReport| format!("{}:{}", word(path.outcome), path.attempts);
    let paths: Vec<String> = record.delivery.paths.iter().map(path).collect();
    let mut text = format!(
        "{} {}{claiming} {} {} [{}] created={}",
        record.label,
        record.status.as_str(),
        word(record.delivery.state),
        record.delivery.attempts,
        paths.join(","),
        record.created_index
    );
    if let Some(index) = record.updated_index {
        text.push_str(&format!(" updated={index}"));
    }
    if let Some(payment) = &record.payment {
        let (index, amount, at) = (payment.pay_index, payment.amount_received_msat, payment.paid_at);
        text.push_str(&format!(" paid={index}:{amount}:{at}"));
    }
    if let Some(said) = &record.delivery.error {
        let (field, value) = (
            or_dash(said.erroneous_field),
            or_dash(said.suggested_value.as_ref()),
        );
        text.push_str(&format!(
            " said={}:{field}:{value}:{}",
            said.received_at, said.message
        ));
    }
    text
}

pub fn event(event: &Event) -> String {
    let (kind, about) = match event {
        Event::Created(of) => ("created", record(of)),
        Event::Delivery(of) => ("delivery", record(of)),
        Event::PayerError(of) => ("payerError", record(of)),
        Event::Claiming(of) => ("claiming", record(of)),
        Event::ClaimFailed(of) => ("claimFailed", record(of)),
        Event::Paid(of) => ("paid", record(of)),
        Event::Expired(of) => ("expired", record(of)),
        Event::Deleted(of) => ("deleted", record(of)),
        Event::Underpaid {
            record: of,
            amount_received_msat,
        } => ("underpaid", format!("{amount_received_msat} {}", record(of))),
        Event::Trouble(of) => ("trouble", details(of)),
        Event::ClockBehind { stored_ms, now_ms } => ("clockBehind", format!("{stored_ms} {now_ms}")),
    };
    format!("event {kind} {about}")
}

pub fn error(error: &Error) -> String {
    details(&error.clone().into_details())
}

fn details(error: &ErrorDetails) -> String {
    let mut text = format!("error {} {}", error.code.as_str(), error.rpc_code);
    if let Some(field) = &error.field {
        text.push_str(&format!(" field={}:{}", field.number, field.name));
    }
    if let Some(rule) = &error.rule {
        text.push_str(&format!(" rule={rule}"));
    }
    text.push_str(if error.retryable { " retry" } else { " final" });
    if let Some(of) = &error.record {
        text.push_str(&format!(" record {}", record(of)));
    }
    text
}

pub fn done(of: &Record) -> String {
    format!("{} rpc {}", record(of), of.to_rpc())
}

fn settle(preimage: Option<&Preimage>) -> String {
    format!(
        "settle {}",
        preimage.map_or("-".to_owned(), |preimage| hex(preimage.expose()))
    )
}

pub fn approval(approval: &ClaimApproval) -> String {
    format!(
        "{} {}",
        settle(approval.preimage.as_ref()),
        record(&approval.record)
    )
}

pub fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Settle(preimage) => settle(preimage.as_ref()),
        Verdict::Fail(why) => format!("fail {}", why.code().as_str()),
        Verdict::Unknown => "unknown".to_owned(),
        Verdict::Hold(why) => format!("hold {}", why.code().as_str()),
    }
}

pub fn page(page: &Page) -> String {
    let records: String = page
        .records
        .iter()
        .map(|of| format!(" | {}", record(of)))
        .collect();
    format!("page next={}{records}", or_dash(page.next))
}

pub fn preview(preview: &Preview) -> String {
    let Preview {
        amount_msat,
        expires_at,
        description,
        issuer,
        ..
    } = preview;
    let answerable = preview
        .error
        .as_ref()
        .map_or("answerable", |error| error.code.as_str());
    let receivable = match preview.receivable {
        Some(true) => "receivable",
        Some(false) => "full",
        None => "unknown",
    };
    format!(
        "preview {answerable} {} {} {receivable} {} {} {} / {}",
        or_dash(*amount_msat),
        or_dash(*expires_at),
        if preview.signed { "signed" } else { "unsigned" },
        if preview.already_answered {
            "answered"
        } else {
            "open"
        },
        or_dash(description.as_ref()),
        or_dash(issuer.as_ref())
    )
}

pub fn decoded(decoded: &Decoded) -> String {
    let problem = decoded
        .problem
        .as_ref()
        .map_or("-", |problem| problem.code.as_str());
    let fields: Vec<String> = decoded
        .fields
        .iter()
        .map(|field| format!("{}:{}", field.number, field.hex.len() / 2))
        .collect();
    let warnings: String = decoded
        .warnings
        .iter()
        .map(|warning| format!(" warning={}", warning.code))
        .collect();
    format!(
        "{} {} {} {} problem={problem} fields={}{warnings}",
        word(decoded.kind),
        if decoded.signed { "signed" } else { "unsigned" },
        or_dash(decoded.id.as_ref()),
        if decoded.answerable {
            "answerable"
        } else {
            "not-answerable"
        },
        fields.join(",")
    )
}

pub fn verified(message: &Bolt12) -> String {
    let kind = match message.kind() {
        Kind::Offer => "offer",
        Kind::InvoiceRequest => "invoice_request",
        Kind::Invoice => "invoice",
    };
    let signed = if message.is_signed() { "signed" } else { "unsigned" };
    format!(
        "{kind} {signed} {} {}",
        or_dash(message.signer()),
        or_dash(message.id().map(|id| hex(&id)))
    )
}
