//! The calls of a payee.

use invreq::driver::Payee;
use invreq::engine::{Claim, PaymentReceived};
use invreq::{Preimage, Result};
use serde_json::Value;

use crate::turns::Turns;
use crate::values::{array, bytes, number, number32, parsed, status, text};
use crate::{lines, values};

/// What a call of the payee replies with.
pub async fn reply(payee: &Payee, call: &str, given: &Value, turns: &Turns) -> Result<String> {
    let hash = || parsed(&given["paymentHash"]);
    let claim = || {
        let claim = Claim {
            payment_hash: hash(),
            total_msat: number(&given["totalMsat"]),
            first_htlc_at: number(&given["firstHtlcAt"]),
        };
        turns.logged_too(&claim).clone()
    };
    let record = match call {
        "sendInvoice" => {
            let params = values::send_invoice(given);
            payee.send_invoice(turns.logged_too(&params).clone()).await?
        }
        "resend" => payee.resend(&text(&given["label"])).await?,
        "waitInvoice" => payee.wait_invoice(&text(&given["label"])).await?,
        "waitAnyInvoice" => {
            let last = given["lastPayIndex"].as_u64().unwrap_or_default();
            payee.wait_any_invoice(last, number32(&given["timeout"])).await?
        }
        "delInvoice" => {
            payee
                .del_invoice(&text(&given["label"]), status(&given["status"]))
                .await?
        }
        "claimFailed" => payee.claim_failed(hash()).await?,
        "paymentReceived" => {
            let received = PaymentReceived {
                payment_hash: hash(),
                amount_msat: number(&given["amountMsat"]),
                paid_at: number(&given["paidAt"]),
                preimage: given
                    .get("preimage")
                    .map(|preimage| Preimage::new(array(preimage))),
            };
            payee
                .payment_received(turns.logged_too(&received).clone())
                .await?
        }
        "listInvoices" => {
            return Ok(lines::page(
                turns.logged_too(&payee.list_invoices(values::query(given)).await?),
            ))
        }
        "preview" => {
            return Ok(lines::preview(
                turns.logged_too(&payee.preview(&text(&given["invreq"])).await?),
            ))
        }
        "claim" => return Ok(lines::approval(turns.logged_too(&payee.claim(claim()).await?))),
        "judge" => return Ok(lines::verdict(turns.logged_too(&payee.judge(claim()).await?))),
        "ignoredReplies" => return Ok(payee.ignored_replies().await.to_string()),
        "replyNodeId" => return Ok(payee.reply_node_id().await?.to_string()),
        nothing => {
            match nothing {
                "receiveOnionMessage" => match given.get("nodeId").map(parsed) {
                    Some(node_id) => {
                        payee
                            .receive_onion_message_at(node_id, bytes(&given["bytes"]))
                            .await?
                    }
                    None => payee.receive_onion_message(bytes(&given["bytes"])).await?,
                },
                "receiveInvoiceError" => {
                    let id = array(&given["replyTo"]);
                    payee.receive_invoice_error(id, bytes(&given["bytes"])).await?;
                }
                "resume" => payee.resume().await?,
                "close" => payee.close().await?,
                other => panic!("there is no action {other}"),
            }
            return Ok("ok".to_owned());
        }
    };
    Ok(lines::done(turns.logged_too(&record)))
}

/// Whether it is something an app asks of its payee, and not something that happens around it.
pub fn is_call(action: &Value) -> bool {
    let host = [
        "open",
        "crash",
        "keepStore",
        "putBackStore",
        "clock",
        "source",
        "transport",
        "signer",
        "store",
        "arrive",
        "release",
        "cancel",
        "decode",
        "verify",
        "answer",
        "close",
    ];
    !host.iter().any(|name| action["do"] == *name)
}
