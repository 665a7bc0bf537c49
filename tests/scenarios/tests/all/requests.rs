//! The requests that scenarios answer.

use invreq::bolt12::{BlindedPath, Introduction};
use invreq::onion::reply_path;

use crate::common::request::path_over;
use crate::common::{node, Request, START};

/// All of them, by their names.
pub fn all() -> Vec<(&'static str, String)> {
    let number = Request::number;
    vec![
        ("refund", number(1).text()),
        ("refund2", number(2).text()),
        ("refund3", number(3).text()),
        ("refund4", number(4).text()),
        ("unsigned", number(6).unsigned().text()),
        ("plain", number(7).no_description().text()),
        ("expires100", number(8).expires(START + 100).text()),
        ("expired", number(9).expires(START - 1).text()),
        ("expiresNow", number(10).expires(START).text()),
        ("twoPaths", number(11).paths_over(&[10, 11]).text()),
        ("threePaths", number(12).paths_over(&[10, 11, 12]).text()),
        (
            "sixPaths",
            number(13).paths_over(&[10, 11, 12, 13, 14, 15]).text(),
        ),
        (
            "twoPathsExpire100",
            number(14).paths_over(&[10, 11]).expires(START + 100).text(),
        ),
        ("onePath", number(15).paths_over(&[10]).text()),
        ("channelPath", number(16).path(channel(42, 1)).text()),
        ("ownPath", number(17).path(behind_own_node()).text()),
        ("oneMsat", number(18).amount(1).text()),
        ("odd", number(19).amount(33_333).text()),
        ("textual", described("caf\u{e9} \u{20bf} \u{202e}txt")),
        ("onePathToo", number(21).paths_over(&[10]).text()),
        ("onePathThree", number(22).paths_over(&[10]).text()),
    ]
}

fn described(text: &str) -> String {
    let mut request = Request::number(20);
    request.description = Some(text.to_owned());
    request.text()
}

/// A path that begins at one end of a channel.
fn channel(scid: u64, direction: u8) -> BlindedPath {
    let introduction = Introduction::Scid { direction, scid };
    BlindedPath {
        introduction,
        ..path_over(10)
    }
}

/// A path that begins at the host's own node, 60, and leads over node 10 to the payer.
fn behind_own_node() -> BlindedPath {
    reply_path(&[node(60), node(10)], node(66), &[9; 32], [8; 32]).unwrap()
}
