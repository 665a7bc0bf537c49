use super::expect::{all, batch, holds, refuse, require, write, Check, Space, REVISION};
use super::Harness;
use crate::store::{Batch, Conflict, StoreError, MAX_KEY_LEN, MAX_VALUE_LEN};

pub(super) async fn put_replaces<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    write(&store, batch(1).put("a", "long first value").put("b", "other")).await?;
    write(&store, batch(2).put("a", "second")).await?;
    holds(&store, b"a", Some(b"second")).await?;
    holds(&store, b"b", Some(b"other")).await?;
    write(&store, batch(3).put("a", "")).await?;
    holds(&store, b"a", Some(b"")).await?;
    require(
        all(&store).await?.len() == 3,
        "a put of a key that exists made another entry",
    )
}

pub(super) async fn delete_removes<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    write(&store, batch(1).put("a", "1").put("a\0", "2").put("b", "3")).await?;
    write(&store, batch(2).delete("a").delete("never there")).await?;
    holds(&store, b"a", None).await?;
    holds(&store, b"a\0", Some(b"2")).await?;
    holds(&store, b"b", Some(b"3")).await?;
    // A deleted key is absent, and can come back.
    write(&store, batch(3).require_absent("a").put("a", "4").delete("b")).await?;
    holds(&store, b"a", Some(b"4")).await?;
    holds(&store, b"b", None).await
}

pub(super) async fn read_your_writes<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    for revision in 1..=50u64 {
        let value = revision.to_be_bytes();
        let mut write_more = batch(revision).put("same", value).put(value, value);
        if let Some(last) = revision.checked_sub(1).filter(|last| *last > 0) {
            write_more = write_more.delete(last.to_be_bytes());
        }
        write(&store, write_more).await?;
        holds(&store, b"same", Some(&value)).await?;
        require(
            all(&store).await?.len() == 3,
            "a read after a write shows what was there before it",
        )?;
    }
    Ok(())
}

pub(super) async fn large_batch<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    let keys = || (0..2_000u32).map(u32::to_be_bytes);
    write(
        &store,
        keys().fold(batch(1), |batch, key| batch.require_absent(key).put(key, key)),
    )
    .await?;
    require(
        all(&store).await?.len() == 2_001,
        "a batch of 2,000 puts is not there as a whole",
    )?;
    write(&store, keys().fold(batch(2), |batch, key| batch.delete(key))).await?;
    require(
        all(&store).await?.len() == 1,
        "a batch of 2,000 deletes was not done as a whole",
    )
}

pub(super) async fn absent_refuses<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    write(&store, batch(1).require_absent("taken").put("taken", "first")).await?;
    let second = batch(2)
        .require_absent("taken")
        .put("taken", "second")
        .put("more", "");
    refuse(&store, second, present("taken")).await?;
    // It need not be one of the puts.
    refuse(
        &store,
        batch(2).require_absent("taken").put("more", ""),
        present("taken"),
    )
    .await?;
    holds(&store, b"taken", Some(b"first")).await?;
    holds(&store, b"more", None).await?;
    // The key itself is meant, not those around it.
    write(
        &store,
        batch(2)
            .require_absent("take")
            .require_absent("taken\0")
            .require_absent("takem"),
    )
    .await
}

pub(super) async fn absent_names_the_key<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    let binary: &[u8] = b"b\0\xff";
    write(&store, batch(1).put("x", "").put(binary, "")).await?;
    let conditions = |keys: [&[u8]; 3]| {
        keys.iter()
            .fold(batch(2), |batch, key| batch.require_absent(*key))
    };
    refuse(&store, conditions([b"a", b"x", b"c"]), present("x")).await?;
    refuse(&store, conditions([b"b", binary, b"x"]), present(binary)).await?;
    refuse(&store, conditions([b"x", b"b\0", binary]), present("x")).await?;
    write(&store, conditions([b"a", b"b", b"b\0"])).await
}

pub(super) async fn absent_looks_before_the_write<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    // The put of the same batch does not make its own key present ...
    write(&store, batch(1).put("a", "1").require_absent("a")).await?;
    // ... and its delete does not make the key absent.
    refuse(&store, batch(2).delete("a").require_absent("a"), present("a")).await?;
    holds(&store, b"a", Some(b"1")).await
}

pub(super) async fn conflict_writes_nothing<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    write(
        &store,
        batch(1).put("kept", "1").put("replaced", "2").put("taken", "3"),
    )
    .await?;
    let before = all(&store).await?;
    let changes = |revision| {
        batch(revision)
            .put("added", "")
            .put("replaced", "")
            .delete("kept")
    };
    for (batch, why) in [
        (changes(1), StoreError::Conflict(Conflict::Revision)),
        (changes(3), StoreError::Conflict(Conflict::Revision)),
        (
            changes(2).require_absent("free").require_absent("taken"),
            present("taken"),
        ),
    ] {
        refuse(&store, batch, why).await?;
        require(
            all(&store).await? == before,
            "a write that was refused changed something",
        )?;
    }
    // The refusals left no trace on the revision either.
    write(&store, changes(2)).await
}

pub(super) async fn invalid_writes_nothing<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    write(&store, batch(1).put("a", "1")).await?;
    let before = all(&store).await?;
    let too_long = || vec![b'k'; MAX_KEY_LEN.saturating_add(1)];
    let next = || batch(2).put("b", "2");
    for batch in [
        batch(0).put("b", "2"),
        Batch::new("another wallet", 0).put("b", "2"),
        Batch::new("", 1).put("b", "2"),
        next().put("", "empty key"),
        next().put(too_long(), "long key"),
        next().delete(too_long()),
        next().require_absent(too_long()),
        next().put("c", vec![0; MAX_VALUE_LEN.saturating_add(1)]),
        next().put("b", "twice"),
        next().delete("b"),
        next().delete(REVISION),
    ] {
        refuse(&store, batch, StoreError::Invalid(String::new())).await?;
        require(
            all(&store).await? == before,
            "a write outside the contract changed something",
        )?;
    }
    write(&store, next()).await
}

fn present(key: impl AsRef<[u8]>) -> StoreError {
    StoreError::Conflict(Conflict::Present(key.as_ref().to_vec()))
}
