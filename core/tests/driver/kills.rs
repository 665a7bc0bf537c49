//! The whole flow on SQLite, in a process that is killed after every write and every send.

use core::sync::atomic::{AtomicU32, Ordering};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::Arc;

use bitcoin::secp256k1::PublicKey;
use futures_lite::future::zip;
use invreq::driver::{HostError, Payee, Transport};
use invreq::engine::{
    Claim, Delivery, DeliveryState, Existing, ListInvoices, Route, SendInvoice, SendOutcome, Status,
};
use invreq::store::{Batch, Entry, SqliteStore, Store, StoreError};

use crate::common::{config, params, Request, SEED};
use crate::host::{block_on, money, Source};

const FOLDER: &str = "INVREQ_KILL_FOLDER";
const AT: &str = "INVREQ_KILL_AT";
const INVOICES: u32 = 3;

/// Counts the places where the process can die, and dies at one.
#[derive(Clone)]
struct Fate(Arc<AtomicU32>, Option<u32>);

impl Fate {
    fn strike(&self) {
        if Some(self.0.fetch_add(1, Ordering::SeqCst) + 1) == self.1 {
            let own = std::process::id().to_string();
            Command::new("kill").args(["-9", &own]).status().unwrap();
            std::thread::sleep(std::time::Duration::from_secs(60));
        }
    }
}

struct Mortal(SqliteStore, Fate);

impl Store for Mortal {
    async fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.0.range(start, end, limit).await
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        self.0.write(batch).await?;
        self.1.strike();
        Ok(())
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.0.close().await
    }
}

struct Post(Fate);

impl Transport for Post {
    async fn send(&self, _: &Delivery) -> SendOutcome {
        self.0.strike();
        SendOutcome::Accepted
    }

    async fn find_route(&self, _: PublicKey) -> core::result::Result<Option<Route>, HostError> {
        Ok(Some(Route::default()))
    }
}

/// What the killed process does; on its own it is no test.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    let at = std::env::var(AT).ok().map(|at| at.parse().unwrap());
    let fate = Fate(Arc::default(), at);
    block_on(async {
        let store = Mortal(
            SqliteStore::open(folder.join("wallet")).await.unwrap(),
            fate.clone(),
        );
        let builder = Payee::builder(config(), SEED, store, Source::default(), Post(fate.clone()));
        let (payee, runner) = builder.open().await.unwrap();
        runner.spawn().unwrap();
        for number in 0..INVOICES {
            let label = number.to_string();
            let text = Request::number(number).text();
            let send = SendInvoice {
                existing: Existing::Join,
                timeout: Some(3600),
                ..params(&text, &label)
            };
            let (sent, ()) = zip(payee.send_invoice(send), pay(&payee, &label)).await;
            assert_eq!(sent.unwrap().status, Status::Paid);
        }
        let page = payee.list_invoices(ListInvoices::default()).await.unwrap();
        let lines: Vec<String> = page
            .records
            .iter()
            .map(|record| {
                let payment = record.payment.as_ref().unwrap();
                assert_eq!(payment.payment_preimage.payment_hash(), record.payment_hash);
                format!(
                    "{} {} {} {:?}",
                    record.label, record.created_index, payment.pay_index, record.updated_index
                )
            })
            .collect();
        std::fs::write(folder.join("end"), lines.join("\n")).unwrap();
        std::fs::write(folder.join("points"), fate.0.load(Ordering::SeqCst).to_string()).unwrap();
        payee.close().await.unwrap();
    });
}

/// The payer, and the node that takes its money: they go on wherever they were.
async fn pay(payee: &Payee, label: &str) {
    loop {
        let query = ListInvoices {
            label: Some(label.to_owned()),
            ..ListInvoices::default()
        };
        let found = payee
            .list_invoices(query)
            .await
            .unwrap()
            .records
            .into_iter()
            .next();
        match found {
            Some(record) if record.status == Status::Paid => return,
            Some(record) if record.delivery.state == DeliveryState::Sent => {
                let first_htlc_at = record.created_at;
                let (payment_hash, total_msat) = (record.payment_hash, record.amount_msat);
                let claim = Claim {
                    payment_hash,
                    total_msat,
                    first_htlc_at,
                };
                payee.claim(claim).await.unwrap();
                payee.payment_received(money(payment_hash)).await.unwrap();
                return;
            }
            _ => _ = async_io::Timer::after(core::time::Duration::from_millis(1)).await,
        }
    }
}

fn run(folder: &Path, at: Option<u32>) -> ExitStatus {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "kills::child"])
        .env(FOLDER, folder)
        .env_remove(AT);
    if let Some(at) = at {
        command.env(AT, at.to_string());
    }
    command.output().unwrap().status
}

#[test]
fn killed_anywhere_it_comes_to_the_same_end() {
    let calm = tempfile::tempdir().unwrap();
    assert!(run(calm.path(), None).success());
    let read = |folder: &Path, name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let expected = read(calm.path(), "end");
    assert_eq!(expected, "0 1 1 Some(1)\n1 2 2 Some(2)\n2 3 3 Some(3)");
    let points: u32 = read(calm.path(), "points").parse().unwrap();
    // The store, and for each invoice: made, sent, accepted, claimed, paid.
    assert_eq!(points, 1 + INVOICES * 5);
    for at in 1..=points {
        let folder = tempfile::tempdir().unwrap();
        let killed = run(folder.path(), Some(at));
        assert_eq!(killed.signal(), Some(9), "{at}: {killed}");
        assert!(!folder.path().join("end").exists());
        assert!(run(folder.path(), None).success(), "after {at}");
        assert_eq!(read(folder.path(), "end"), expected, "after {at}");
    }
}
