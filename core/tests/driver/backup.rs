//! A wallet taken out of one store and put into another.

use futures_lite::future::poll_once;
use invreq::engine::ListInvoices;
use invreq::store::{export, import, Batch, MemoryStore, Store};
use invreq::ErrorCode;

use crate::common::{config, params, Request};
use crate::host::{block_on, next, World};

#[test]
fn a_wallet_moves_to_another_store() {
    let world = World::default();
    let (old, new) = (MemoryStore::new(), MemoryStore::new());
    let payee = world.run(old.clone());
    let mut events = payee.events();
    let before = block_on(async {
        let text = Request::default().text();
        let mut call = Box::pin(payee.send_invoice(params(&text, "a")));
        assert!(poll_once(&mut call).await.is_none());
        next(&mut events, "created").await;
        world.wire.sent.recv().await.unwrap();
        next(&mut events, "delivery").await;
        drop(call);
        let page = payee.list_invoices(ListInvoices::default()).await.unwrap();
        payee.close().await.unwrap();
        page
    });
    let (prefix, revision) = (config().store_prefix(), config().revision_key());
    block_on(async {
        let dump = export(&old, &prefix, &revision).await.unwrap();
        import(&new, &prefix, &revision, &dump).await.unwrap();
    });
    let payee = world.run(new);
    let after = block_on(payee.list_invoices(ListInvoices::default())).unwrap();
    assert_eq!(after, before);
    assert_eq!(after.records.len(), 1);
}

#[test]
fn an_unfinished_import_is_no_wallet() {
    let world = World::default();
    let store = MemoryStore::new();
    let mark = [config().store_prefix(), b"\xffimport".to_vec()].concat();
    block_on(store.write(&Batch::new(b"other", 1).put(mark, b"checksum"))).unwrap();
    let error = world.open(store).err().unwrap();
    assert_eq!(error.code(), ErrorCode::StoreCorrupt);
    assert!(error.message().contains("import"), "{error}");
}
