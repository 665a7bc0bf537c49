use super::expect::{all, batch, fail, holds, refuse, require, write, Check, Space};
use super::join::{begin, finish, join_all, Call};
use super::Harness;
use crate::store::{Store, StoreError};

pub(super) async fn survives_closing<H: Harness>(space: &Space<'_, H>) -> Check {
    space.needs_durable()?;
    for revision in 1..=3u64 {
        let store = space.open().await?;
        let last = revision.saturating_sub(1).to_be_bytes();
        if revision > 1 {
            holds(&store, b"kept", Some(&last)).await?;
            holds(&store, &last, Some(&[])).await?;
        }
        let value = revision.to_be_bytes();
        write(
            &store,
            batch(revision).put("kept", value).put(value, "").delete(last),
        )
        .await?;
        let before = all(&store).await?;
        store.close().await?;
        drop(store);
        let store = space.open().await?;
        require(
            all(&store).await? == before,
            "it holds something else when it is opened again",
        )?;
        store.close().await?;
    }
    Ok(())
}

pub(super) async fn survives_dropping<H: Harness>(space: &Space<'_, H>) -> Check {
    space.needs_durable()?;
    for revision in 1..=3u64 {
        let store = space.open().await?;
        write(&store, batch(revision).put("kept", revision.to_be_bytes())).await?;
        drop(store);
        let store = space.open().await?;
        holds(&store, b"kept", Some(&revision.to_be_bytes())).await?;
    }
    Ok(())
}

pub(super) async fn closed_refuses<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    write(&store, batch(1).put("a", "1")).await?;
    store.close().await?;
    match store.range(b"a", b"b", 1).await {
        Err(StoreError::Closed) => {}
        other => {
            return fail(format!(
                "a read after close has to be refused with Closed, but the answer was {other:?}"
            ))
        }
    }
    refuse(&store, batch(2).put("a", "2"), StoreError::Closed).await?;
    if let Err(error) = store.close().await {
        return fail(format!("closing again is no error, but the answer was {error:?}"));
    }
    if space.is_durable() {
        holds(&space.open().await?, b"a", Some(b"1")).await?;
    }
    Ok(())
}

pub(super) async fn close_waits<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    write(&store, batch(1).put("a", "1")).await?;
    let next = batch(2).put("a", "2");
    let writing = begin(store.write(&next)).await;
    let reading = begin(store.range(b"a", b"b", 1)).await;
    let closing = async {
        store.close().await?;
        // Once it is closed, what was begun before is over.
        if space.is_durable() && space.is_shared() {
            holds(&space.open().await?, b"a", Some(b"2")).await?;
        }
        Ok(())
    };
    // All at once: there are stores whose calls get on only while they are polled.
    let calls: [Call<'_>; 3] = [
        Box::pin(closing),
        Box::pin(async {
            let written = finish(writing).await;
            written.or_else(|error| fail(format!("a write begun before close got {error:?}")))
        }),
        Box::pin(async {
            let read = finish(reading).await;
            read.map(drop)
                .or_else(|error| fail(format!("a read begun before close got {error:?}")))
        }),
    ];
    join_all(calls).await.into_iter().collect()
}

pub(super) async fn close_is_for_one_handle<H: Harness>(space: &Space<'_, H>) -> Check {
    space.needs_shared()?;
    let (first, second) = (space.open().await?, space.open().await?);
    write(&first, batch(1).put("a", "1")).await?;
    first.close().await?;
    holds(&second, b"a", Some(b"1")).await?;
    write(&second, batch(2).put("a", "2")).await?;
    holds(&second, b"a", Some(b"2")).await
}
