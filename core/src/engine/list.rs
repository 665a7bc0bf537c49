//! Listing and deleting.

use crate::bolt12::quoted;
use crate::engine::draft::{corrupt_index, key_index, Draft, Draw, Stop};
use crate::engine::layout::{after, read_index};
use crate::engine::status::{being_claimed, end_calls};
use crate::engine::stored::StoredInvoice;
use crate::engine::{CallId, Event, ListIndex, ListInvoices, Outcome, Page, Status};
use crate::sorted::Sorted;
use crate::{Error, ErrorCode};

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1000;

pub(crate) fn list_invoices(draft: &mut Draft<'_>, call: CallId, query: &ListInvoices) -> Draw<()> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if limit == 0 || limit > MAX_LIMIT {
        let message = format!("a limit is 1 to {MAX_LIMIT}, not {limit}");
        return Err(Error::new(ErrorCode::InvalidParameter, message).into());
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (found, next) = match (&query.label, &query.payment_hash) {
        (Some(label), _) => (draft.by_label(label)?.into_iter().collect(), None),
        (None, Some(hash)) => (draft.by_payment_hash(hash)?.into_iter().collect(), None),
        (None, None) => match query.index {
            ListIndex::Created => by_created(draft, query.start, limit)?,
            ListIndex::Updated => by_updated(draft, query.start, limit)?,
        },
    };
    let wanted = |invoice: &StoredInvoice| {
        query.status.is_none_or(|status| invoice.status == status)
            && query.label.as_ref().is_none_or(|label| &invoice.label == label)
            && query
                .payment_hash
                .as_ref()
                .is_none_or(|hash| &invoice.payment_hash == hash)
    };
    let records = found
        .iter()
        .filter(|invoice| wanted(invoice))
        .map(StoredInvoice::record)
        .collect();
    draft.reply(call, Ok(Outcome::Page(Page { records, next })));
    Ok(())
}

pub(crate) fn del_invoice(draft: &mut Draft<'_>, call: CallId, label: &str, status: Status) -> Draw<()> {
    let invoice = draft.label_or_not_found(label)?;
    let record = invoice.record();
    if record.status != status {
        let message = format!(
            "the invoice {} is {}, not {}",
            quoted(label),
            record.status.as_str(),
            status.as_str()
        );
        return Err(Error::new(ErrorCode::StatusMismatch, message)
            .with_record(record)
            .into());
    }
    if record.claiming {
        return Err(being_claimed(&record).into());
    }
    draft.delete(record.created_index)?;
    draft.event(Event::Deleted(record.clone()));
    end_calls(draft, record.created_index, |_| {
        Some(Err(
            Error::new(ErrorCode::NotFound, "the invoice was deleted").with_record(record.clone())
        ))
    });
    draft.reply(call, Ok(Outcome::Record(record)));
    Ok(())
}

/// Open invoices are in memory, closed ones in the store; a page takes the first of both.
fn by_created(draft: &Draft<'_>, start: u64, limit: usize) -> Draw<(Vec<StoredInvoice>, Option<u64>)> {
    // One more than the page holds shows whether there is another page.
    let more = limit.saturating_add(1);
    let closed = draft.range(
        draft.layout.closed(start),
        after(&draft.layout.closed(u64::MAX)),
        more,
    )?;
    let mut page = Sorted::default();
    for entry in closed {
        let index = key_index(entry)?;
        page.insert(index, Box::new(StoredInvoice::decode(index, &entry.value)?));
    }
    for (index, invoice) in draft.state.open.iter_from(&start).take(more) {
        // Another writer may have closed it.
        if !page.contains(index) {
            page.insert(*index, invoice.clone());
        }
    }
    let mut found: Vec<StoredInvoice> = page.into_iter().take(more).map(|(_, invoice)| *invoice).collect();
    let next = found.get(limit).map(|next| next.created_index);
    found.truncate(limit);
    Ok((found, next))
}

fn by_updated(draft: &Draft<'_>, start: u64, limit: usize) -> Draw<(Vec<StoredInvoice>, Option<u64>)> {
    let entries = draft.range(
        draft.layout.updated(start),
        after(&draft.layout.updated(u64::MAX)),
        limit.saturating_add(1),
    )?;
    let mut needs = Vec::new();
    let mut found = Vec::new();
    for entry in entries.iter().take(limit) {
        let index = read_index(&entry.value).ok_or_else(corrupt_index)?;
        match draft.named_closed(index) {
            // A damaged index may name one twice.
            Ok(invoice)
                if !found
                    .iter()
                    .any(|known: &StoredInvoice| known.created_index == index) =>
            {
                found.push(invoice)
            }
            Ok(_) => {}
            Err(Stop::Need(more)) => needs.extend(more),
            Err(stop) => return Err(stop),
        }
    }
    if !needs.is_empty() {
        return Err(Stop::Need(needs));
    }
    let next = entries.get(limit).map(key_index).transpose()?;
    Ok((found, next))
}
