//! Answers that are no answers.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_lite::future::block_on;
use invreq::bolt12::InvoiceError;
use invreq::engine::{DeliveryState, ListInvoices, Record, SendInvoice, Status};
use invreq::ldk::Preimages;
use invreq::onion::reply_path;
use invreq::Result;
use invreq_lightning::{MessageTo, ReceivedInvoice, SpecPayer, Testbed};

use crate::payee::{params, Wallet};
use crate::{wait_until, AMOUNT, INVOICE_ERROR};

#[test]
fn forged_errors_are_counted_and_change_nothing() {
    let bed = Testbed::relayed();
    let wallet = Wallet::open(&bed, Preimages::Engine);
    let payer = SpecPayer::new(bed.net.clone(), bed.payer);
    let (first, first_call) = answered(&wallet, &payer, 1);
    let (second, second_call) = answered(&wallet, &payer, 2);
    payer.pay(&first.invoice).unwrap();
    let paid = first_call.join().unwrap().unwrap();
    let open = record(&wallet, 2);
    let mut forged = Forged::new(&bed, &wallet);

    // Over the path of another delivery, which is long done with.
    payer
        .refuse(first.reply_path.as_ref().unwrap(), "forged")
        .unwrap();
    forged.one_more("over the path of another invoice");

    // Straight to the reply key, over no path of ours.
    let error = InvoiceError {
        error: Some("forged".to_owned()),
        ..InvoiceError::default()
    };
    let error = error.to_bytes().unwrap();
    let mailbox = block_on(wallet.payee.reply_node_id()).unwrap();
    let stranger = bed.net.add_node("stranger");
    bed.net.connect(stranger, bed.host).unwrap();
    let host = bed.net.node_id(bed.host);
    let send = |to: MessageTo<'_>, via: &[_]| {
        let message = bed
            .net
            .onion_message(stranger, via, to, INVOICE_ERROR, &error)
            .unwrap();
        bed.net.send_onion(stranger, message.0, &message.1).unwrap();
    };
    send(MessageTo::Node(mailbox), &[host]);
    forged.one_more("without a path");

    // Over a path of the stranger's own making, with the number of the invoice and of the copy, and what only we can know.
    let mut token = [0; 32];
    token[7] = 2;
    for secret in [token, [0; 32], [0xff; 32]] {
        let path = reply_path(&[host], mailbox, &secret, [5; 32]).unwrap();
        send(MessageTo::Path(&path), &[]);
        forged.one_more("over a forged path");
    }

    // Over the right path, and no error.
    let ours = second.reply_path.as_ref().unwrap();
    for (number, value, what) in [
        (64, &error[..], "an invoice request"),
        (66, &second.invoice[..], "an invoice"),
        (INVOICE_ERROR, &[5, 9, 1][..], "a broken error"),
        (
            INVOICE_ERROR,
            &[2, 0, 5, 1, 0x78][..],
            "an error with an unknown even field",
        ),
    ] {
        payer.say(ours, number, value).unwrap();
        forged.one_more(what);
    }

    // Through the calls of the payee.
    block_on(wallet.payee.receive_invoice_error([9; 32], error.clone())).unwrap();
    forged.one_more("an id that nobody has");
    block_on(wallet.payee.receive_onion_message_at(host, vec![7; 1400])).unwrap();
    forged.one_more("at a node where no answer is awaited");
    assert_eq!((record(&wallet, 1), record(&wallet, 2)), (paid, open));

    // The true answer, and the same once more.
    let seen = Arc::<Mutex<Vec<Vec<u8>>>>::default();
    let seeing = seen.clone();
    bed.net.listen(bed.host, move |_, message| {
        seeing.lock().unwrap().push(message.to_vec());
        false
    });
    payer.refuse(ours, "true").unwrap();
    let refused = second_call.join().unwrap().unwrap_err();
    assert_eq!(refused.rpc_code(), 1004);
    let refused = record(&wallet, 2);
    assert_eq!(refused.delivery.state, DeliveryState::Refused);
    let relay = bed.relay.unwrap();
    let [true_one] = &std::mem::take(&mut *seen.lock().unwrap())[..] else {
        panic!("one answer came")
    };
    for _ in 0..3 {
        bed.net.send_onion(relay, host, true_one).unwrap();
        forged.one_more("replayed");
    }
    payer.refuse(ours, "another text").unwrap();
    forged.one_more("a second answer to the same copy");
    assert_eq!(record(&wallet, 2), refused);

    // And all the while the money is there to be taken.
    payer.pay(&second.invoice).unwrap();
    let paid = block_on(wallet.payee.wait_invoice("2")).unwrap();
    assert_eq!(paid.status, Status::Paid);
}

/// Answers a request of this number, and hands over what came to the payer, and the call that waits.
fn answered(wallet: &Wallet, payer: &SpecPayer, number: u8) -> (ReceivedInvoice, JoinHandle<Result<Record>>) {
    let way = vec![payer.node_id()];
    let request = payer.request(AMOUNT, &[way], [number; 32]);
    let call = SendInvoice {
        expiry: Some(600),
        ..params(&request, &number.to_string())
    };
    let payee = wallet.payee.clone();
    let call = std::thread::spawn(move || block_on(payee.send_invoice(call)));
    let mut came = Vec::new();
    wait_until(|| {
        came.extend(payer.invoices());
        !came.is_empty()
    });
    // The host's word that the copy is out is written, too.
    wait_until(|| record(wallet, number).delivery.state == DeliveryState::Sent);
    (came.remove(0), call)
}

fn record(wallet: &Wallet, number: u8) -> Record {
    let query = ListInvoices {
        label: Some(number.to_string()),
        ..ListInvoices::default()
    };
    block_on(wallet.payee.list_invoices(query))
        .unwrap()
        .records
        .remove(0)
}

/// Counts what is ignored.
struct Forged<'a> {
    bed: &'a Testbed,
    wallet: &'a Wallet,
    ignored: u64,
}

impl<'a> Forged<'a> {
    fn new(bed: &'a Testbed, wallet: &'a Wallet) -> Forged<'a> {
        let ignored = block_on(wallet.payee.ignored_replies());
        assert_eq!(ignored, 0);
        Forged { bed, wallet, ignored }
    }

    fn one_more(&mut self, what: &str) {
        self.ignored += 1;
        self.bed.net.pump();
        let begun = Instant::now();
        while block_on(self.wallet.payee.ignored_replies()) < self.ignored {
            assert!(begun.elapsed() < Duration::from_secs(20), "not counted: {what}");
            std::thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(
            block_on(self.wallet.payee.ignored_replies()),
            self.ignored,
            "{what}"
        );
    }
}
