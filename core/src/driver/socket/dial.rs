//! From addresses to a connection on which both sides have introduced themselves.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use async_io::{Async, Timer};
use bitcoin::secp256k1::PublicKey;
use futures_lite::FutureExt;

use super::connection::Connection;
use super::lookup::is_offline;
use super::shared::Shared;
use crate::engine::SendOutcome;
use crate::peer::PeerEvent;

/// How long a name may take to be looked up, and an address to answer.
const LOOKUP_TIME: Duration = Duration::from_secs(10);
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// How long all of it may take.
const DIAL_TIME: Duration = Duration::from_secs(40);

/// Connects to the first address that leads to this node and takes onion messages.
///
/// Otherwise it says why not: `Offline` if there is no network, `NoRoute` if there is and the node is not to be reached.
pub(super) async fn dial(
    shared: &Shared,
    node_id: PublicKey,
    addresses: &[String],
) -> Result<Connection, SendOutcome> {
    let dialled = async { Ok(try_all(shared, node_id, addresses).await) };
    within(DIAL_TIME, dialled)
        .await
        .unwrap_or(Err(SendOutcome::NoRoute))
}

async fn try_all(
    shared: &Shared,
    node_id: PublicKey,
    addresses: &[String],
) -> Result<Connection, SendOutcome> {
    let mut outcome = None;
    for address in addresses {
        match within(LOOKUP_TIME, shared.lookup.resolve(address)).await {
            Ok(found) => {
                for address in found {
                    match try_one(shared, node_id, address).await {
                        Ok(connection) => return Ok(connection),
                        Err(said) => outcome = worse(outcome, said),
                    }
                }
            }
            Err(error) => outcome = worse(outcome, meaning(&error)),
        }
    }
    Err(outcome.unwrap_or(SendOutcome::NoRoute))
}

async fn try_one(
    shared: &Shared,
    node_id: PublicKey,
    address: SocketAddr,
) -> Result<Connection, SendOutcome> {
    let socket = within(CONNECT_TIME, Async::<TcpStream>::connect(address)).await;
    let socket = socket.map_err(|error| meaning(&error))?;
    let connection = Connection::begin(socket, node_id, shared).ok_or(SendOutcome::Failed)?;
    greet(shared, connection).await.ok_or(SendOutcome::NoRoute)
}

/// Shakes hands. The peer's own limit of time ends it.
async fn greet(shared: &Shared, mut connection: Connection) -> Option<Connection> {
    let mut takes_onion_messages = None;
    while takes_onion_messages.is_none() {
        for event in connection.turn().await {
            match event {
                PeerEvent::Ready { onion_messages, .. } => takes_onion_messages = Some(onion_messages),
                PeerEvent::Closed(_) => return None,
                // One that waited for us can come right behind.
                PeerEvent::OnionMessage(message) => shared.arrive(message),
                PeerEvent::Warning(_) | PeerEvent::Error(_) => {}
            }
        }
    }
    Some(connection).filter(|_| takes_onion_messages == Some(true))
}

/// Only if every address says so there is no network.
fn worse(before: Option<SendOutcome>, now: SendOutcome) -> Option<SendOutcome> {
    match before {
        None | Some(SendOutcome::Offline) => Some(now),
        Some(before) => Some(before),
    }
}

fn meaning(error: &io::Error) -> SendOutcome {
    match is_offline(error) {
        true => SendOutcome::Offline,
        false => SendOutcome::NoRoute,
    }
}

async fn within<T>(time: Duration, done: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late = async {
        Timer::after(time).await;
        Err(ErrorKind::TimedOut.into())
    };
    done.or(late).await
}
