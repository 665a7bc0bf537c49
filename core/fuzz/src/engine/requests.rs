//! The requests that are answered, made once: signing them would take as long as answering.

use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use invreq::bolt12::Introduction;
use invreq::onion::reply_path;

use crate::common::{node, request::path_over, Request};
use crate::records::bytes;

/// A channel that the host knows; it knows no other.
pub const KNOWN_SCID: u64 = 7;

/// Four of each kind.
static REQUESTS: LazyLock<Vec<[String; 4]>> = LazyLock::new(|| {
    let over_scid = |scid, direction| {
        let mut path = path_over(3);
        path.introduction = Introduction::Scid { direction, scid };
        path
    };
    // Through the host's own node, which can open its part.
    let own = [node(66), node(2)];
    let own = reply_path(&own, node(4), &[5; 32], [6; 32]).unwrap();
    let kinds: [&dyn Fn(Request) -> Request; 8] = [
        &|request| request,
        &|request| request.unsigned(),
        &|request| request.paths_over(&[1, 2]).unsigned(),
        &|request| request.paths_over(&[66, 2]),
        &|request| request.expires(1_700_000_100),
        &|request| request.path(over_scid(KNOWN_SCID, 0)).path(over_scid(8, 1)),
        &|request| request.path(own.clone()).path(path_over(2)),
        &|request| request.paths_over(&[1, 2, 3, 4, 5, 6]),
    ];
    kinds
        .iter()
        .map(|kind| core::array::from_fn(|number| kind(Request::number(number as u32)).text()))
        .collect()
});

pub fn invreq(from: &mut Unstructured<'_>) -> Result<String> {
    if from.ratio(1, 12)? {
        return Ok(String::from_utf8_lossy(&bytes(from, 40)?).into_owned());
    }
    // Mostly the plain one, whose payer can open what it gets.
    let kind = match from.arbitrary()? {
        true => 0,
        false => from.choose_index(REQUESTS.len())?,
    };
    Ok(from.choose(&REQUESTS[kind])?.clone())
}
