//! From `host:port` to where to connect to. The system's way to look up names blocks, so it happens on threads.

use std::io::{Error, ErrorKind, Result};
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use async_lock::Semaphore;

/// The most names that are looked up at a time.
const MAX_THREADS: usize = 4;

/// The most addresses of a name that are tried.
const MAX_PER_NAME: usize = 4;

pub(super) struct Lookup {
    free: Arc<Semaphore>,
}

impl Lookup {
    pub(super) fn new() -> Self {
        Self {
            free: Arc::new(Semaphore::new(MAX_THREADS)),
        }
    }

    /// The addresses behind `host:port`.
    pub(super) async fn resolve(&self, address: &str) -> Result<Vec<SocketAddr>> {
        if let Ok(known) = address.parse() {
            return Ok(vec![known]);
        }
        let (host, port) = name_and_port(address).ok_or(ErrorKind::InvalidInput)?;
        // A thread ends when the system has an answer, even if nobody waits for it any more.
        let permit = self.free.acquire_arc().await;
        let (found, answer) = async_channel::bounded(1);
        std::thread::Builder::new()
            .name("invreq-lookup".to_owned())
            .spawn(move || {
                let addresses = (host.as_str(), port).to_socket_addrs();
                let addresses = addresses.map(|all| all.take(MAX_PER_NAME).collect());
                let _ = found.try_send(addresses);
                drop(permit);
            })?;
        answer.recv().await.map_err(Error::other)?
    }
}

/// Whether an address is one to connect to, or a name to look up.
pub(super) fn is_usable(address: &str) -> bool {
    address.parse::<SocketAddr>().is_ok() || name_and_port(address).is_some()
}

/// A name that can be looked up: not one of Tor's, nor a URL.
fn name_and_port(address: &str) -> Option<(String, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let is_name = !host.is_empty() && host.len() <= 253 && host.chars().all(plain);
    let is_onion = host.to_ascii_lowercase().ends_with(".onion");
    let port = port.parse().ok()?;
    (is_name && !is_onion).then(|| (host.to_owned(), port))
}

/// Whether an error says that there is no network, rather than something about the other end.
pub(super) fn is_offline(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => true,
        // A name server that does not answer. The standard library tells it from a name that does not exist only in the
        // words of the system's libraries.
        _ => {
            let words = error.to_string();
            words.contains("Temporary failure in name resolution") || words.contains("Try again")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_lite::future::block_on;

    #[test]
    fn addresses_and_names() {
        let lookup = Lookup::new();
        let resolve = |address| block_on(lookup.resolve(address));
        assert_eq!(
            resolve("127.0.0.1:9735").unwrap(),
            ["127.0.0.1:9735".parse().unwrap()]
        );
        assert_eq!(resolve("[::1]:1").unwrap(), ["[::1]:1".parse().unwrap()]);
        let local = resolve("localhost:80").unwrap();
        assert!(
            !local.is_empty()
                && local
                    .iter()
                    .all(|address| address.ip().is_loopback() && address.port() == 80)
        );
        for bad in [
            "",
            ":1",
            "localhost",
            "localhost:",
            "localhost:70000",
            "::1:80",
            "ws://localhost:80",
            "a b:1",
        ] {
            assert_eq!(resolve(bad).unwrap_err().kind(), ErrorKind::InvalidInput, "{bad}");
        }
        let onion = "vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd.onion:9735";
        assert_eq!(resolve(onion).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn no_network_is_told_from_a_node_that_is_not_there() {
        assert!(is_offline(&ErrorKind::NetworkUnreachable.into()));
        assert!(!is_offline(&ErrorKind::ConnectionRefused.into()));
        let words = "failed to lookup address information: Temporary failure in name resolution";
        assert!(is_offline(&Error::other(words)));
        assert!(!is_offline(&Error::other(
            "failed to lookup address information: Name or service not known"
        )));
    }
}
