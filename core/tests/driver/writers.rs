//! Two payees on one store, as in two tabs of a browser.

use futures_lite::future::{poll_once, zip};
use invreq::engine::{Claim, ListInvoices, SendInvoice, Status};
use invreq::store::MemoryStore;
use invreq::ErrorCode;

use crate::common::{params, Request, START};
use crate::host::{block_on, money, next, World};

#[test]
fn a_payment_reported_to_one_is_told_by_the_other() {
    let store = MemoryStore::new();
    let (one, other) = (World::default(), World::default());
    let ours = one.run(store.clone());
    // Not the same dice: they are two machines.
    other.clock.go(1);
    let theirs = World {
        dice: one.dice.clone(),
        ..other.clone()
    }
    .run(store);
    let mut events = ours.events();
    block_on(async {
        let mut call = Box::pin(ours.send_invoice(params(&Request::default().text(), "a")));
        assert!(poll_once(&mut call).await.is_none());
        let hash = one.wire.sent.recv().await.unwrap().payment_hash;
        // They have never read of it: not found would be wrong, and they find out by themselves.
        let claim = Claim {
            payment_hash: hash,
            total_msat: 50_000,
            first_htlc_at: START,
        };
        let approval = theirs.claim(claim).await.unwrap();
        assert_eq!(approval.preimage.unwrap().payment_hash(), hash);
        theirs.payment_received(money(hash)).await.unwrap();
        ours.resume().await.unwrap();
        assert_eq!(call.await.unwrap().status, Status::Paid);
        next(&mut events, "paid").await;
        assert_eq!(
            ours.list_invoices(ListInvoices::default())
                .await
                .unwrap()
                .records
                .len(),
            1
        );
    });
}

#[test]
fn labels_and_indexes_are_unique_however_they_race() {
    let store = MemoryStore::new();
    let one = World::default();
    let two = World {
        dice: one.dice.clone(),
        clock: one.clock.clone(),
        ..World::default()
    };
    let payees = [one.run(store.clone()), two.run(store.clone())];
    let threads: Vec<_> = (0..2)
        .map(|which| {
            let payee = payees[which].clone();
            let wire = [one.wire.clone(), two.wire.clone()][which].clone();
            let clock = one.clock.clone();
            std::thread::spawn(move || {
                let mut won = 0;
                for number in 0..20u32 {
                    block_on(async {
                        let text = Request::number(number).text();
                        let mut call = Box::pin(payee.send_invoice(SendInvoice {
                            expiry: Some(100_000),
                            timeout: Some(100_000),
                            ..params(&text, &number.to_string())
                        }));
                        let began = async {
                            loop {
                                // Where the race makes a copy wait in line, time has to go on.
                                let nap = async {
                                    async_io::Timer::after(core::time::Duration::from_millis(20)).await;
                                    clock.go(1);
                                    None
                                };
                                let copy = async { wire.sent.recv().await.ok() };
                                match futures_lite::future::or(copy, nap).await {
                                    Some(copy) if copy.label == number.to_string() => return copy,
                                    _ => {}
                                }
                            }
                        };
                        let first = async { Err((&mut call).await) };
                        match futures_lite::future::or(async { Ok(began.await) }, first).await {
                            Ok(copy) => {
                                // Either may come to pay, and whoever is late finds it paid.
                                let paid = payee.payment_received(money(copy.payment_hash)).await.unwrap();
                                assert_eq!(paid.status, Status::Paid);
                                won += 1;
                            }
                            Err(Ok(record)) => assert_eq!(record.status, Status::Paid),
                            Err(Err(error)) => {
                                let codes = [ErrorCode::LabelInUse, ErrorCode::AlreadyAnswered];
                                assert!(codes.contains(&error.code()), "{error:?}");
                            }
                        }
                    });
                }
                won
            })
        })
        .collect();
    let won: u32 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert!(won >= 20);
    block_on(async {
        let (_, _) = zip(payees[0].resume(), payees[1].resume()).await;
        for payee in &payees {
            let records = payee
                .list_invoices(ListInvoices::default())
                .await
                .unwrap()
                .records;
            let indexes: Vec<_> = records.iter().map(|record| record.created_index).collect();
            assert_eq!(indexes, (1..=20).collect::<Vec<_>>());
            let mut paid: Vec<_> = records
                .iter()
                .map(|record| record.payment.as_ref().unwrap().pay_index)
                .collect();
            paid.sort_unstable();
            assert_eq!(paid, (1..=20).collect::<Vec<_>>());
        }
    });
}
