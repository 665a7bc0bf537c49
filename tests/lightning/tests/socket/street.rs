//! A network behind a test server, and wallets that have only its addresses.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bitcoin::secp256k1::PublicKey;
use bitcoin::Network;
use futures_lite::future::block_on;
use hex_conservative::DisplayHex;
use invreq::driver::{Directory, HostError, Payee, SocketTransport, SocketTransportBuilder};
use invreq::engine::{Config, Record, Status};
use invreq::ldk::Preimages;
use invreq::store::MemoryStore;
use invreq_lightning::{serve_remote, HostNode, NodeHost, RemoteNode, Served, Server, Testbed};
use serde_json::json;

use crate::calls::assert_valid_rpc;
use crate::client::{Client, PATIENCE};

pub const AMOUNT: u64 = 50_000_000;

pub struct Street {
    server: Server,
    pub control: Client,
    host: Arc<RemoteNode>,
    addresses: BTreeMap<PublicKey, String>,
}

pub struct Wallet {
    pub payee: Payee,
    /// Who the wallet is to its peers.
    pub node_id: PublicKey,
    _served: Served,
}

/// What a wallet can look up about the network.
struct Book {
    addresses: BTreeMap<PublicKey, String>,
    gateway: Option<PublicKey>,
    host: Arc<RemoteNode>,
}

impl Directory for Book {
    async fn addresses(&self, node_id: PublicKey) -> Result<Vec<String>, HostError> {
        Ok(self.addresses.get(&node_id).cloned().into_iter().collect())
    }

    async fn via(&self, _: PublicKey) -> Result<Vec<PublicKey>, HostError> {
        Ok(self.gateway.into_iter().collect())
    }

    async fn resolve_scid(&self, scid: u64, direction: u8) -> Result<Option<PublicKey>, HostError> {
        Ok(self.host.resolve_scid(scid, direction))
    }
}

impl Street {
    pub fn new(bed: Testbed) -> Street {
        let server = Server::start(bed).unwrap();
        let control = Client::over_tcp(server.greeting());
        let address = server.greeting()["control"]["tcp"].as_str().unwrap();
        let host = Arc::new(RemoteNode::connect(address, "host").unwrap());
        let nodes = server.greeting()["nodes"].as_object().unwrap();
        let addresses = nodes.values().map(|node| {
            let text = |name: &str| node[name].as_str().unwrap();
            (text("node_id").parse().unwrap(), text("tcp").to_owned())
        });
        Street {
            addresses: addresses.collect(),
            control,
            host,
            server,
        }
    }

    pub fn node_id(&self, name: &str) -> PublicKey {
        let id = &self.server.greeting()["nodes"][name]["node_id"];
        id.as_str().unwrap().parse().unwrap()
    }

    pub fn address(&self, name: &str) -> String {
        self.addresses[&self.node_id(name)].clone()
    }

    /// Wallets from now on know only what they are told.
    pub fn forget_addresses(&mut self) {
        self.addresses.clear();
    }

    pub fn request(&mut self, payer: &str) -> String {
        let params = json!({ "amount_msat": AMOUNT, "node": payer });
        let made = self.control.call("create_request", params);
        made["request"].as_str().unwrap().to_owned()
    }

    pub fn peers(&mut self, name: &str) -> Vec<PublicKey> {
        let info = self.control.call("info", json!({}));
        let peers = info["nodes"][name]["peers"].as_array().unwrap();
        peers
            .iter()
            .map(|id| id.as_str().unwrap().parse().unwrap())
            .collect()
    }

    pub fn wait_for_peer(&mut self, name: &str, peer: PublicKey) {
        let deadline = Instant::now() + PATIENCE;
        while !self.peers(name).contains(&peer) {
            assert!(
                Instant::now() < deadline,
                "{name} has no connection to the wallet"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn wallet(&self, with: impl FnOnce(SocketTransportBuilder) -> SocketTransportBuilder) -> Wallet {
        self.wallet_with(None, with)
    }

    /// A wallet that sends everything through this node.
    pub fn wallet_with(
        &self,
        gateway: Option<PublicKey>,
        with: impl FnOnce(SocketTransportBuilder) -> SocketTransportBuilder,
    ) -> Wallet {
        let book = Book {
            addresses: self.addresses.clone(),
            gateway,
            host: self.host.clone(),
        };
        let builder = SocketTransport::builder(Network::Regtest).directory(book);
        let transport = with(builder).build().unwrap();
        let node_id = transport.node_id();
        let source = NodeHost::new(self.host.clone(), Preimages::Engine);
        let config = Config::new(Network::Regtest);
        let builder = Payee::builder(config, [7; 32], MemoryStore::new(), source, transport);
        let (payee, runner) = block_on(builder.open()).unwrap();
        runner.spawn().unwrap();
        Wallet {
            _served: serve_remote(self.host.clone(), payee.clone()),
            payee,
            node_id,
        }
    }

    /// The record says so, and the payer has its proof.
    pub fn assert_paid(&mut self, record: &Record, payer: &str) {
        assert_eq!((record.status, record.amount_msat), (Status::Paid, AMOUNT));
        assert_valid_rpc(record);
        let payment = record.payment.as_ref().unwrap();
        let sent = self.control.event("payment_sent");
        assert_eq!(sent["node"], payer);
        let preimage = payment.payment_preimage.expose().to_lower_hex_string();
        assert_eq!(sent["preimage"], preimage);
    }
}

/// An address at which nobody listens, not even another test.
pub fn dead_address() -> String {
    "127.0.0.1:1".to_owned()
}

/// The address of something that treats each connection like this, and then hangs up.
pub fn node_that(treats: impl Fn(TcpStream) + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let treats = treats.clone();
            std::thread::spawn(move || treats(stream));
        }
    });
    address
}

/// Says anything but an act.
pub fn garble(mut stream: TcpStream) {
    let _ = stream.write_all(&[0xa5; 100_000]);
}
