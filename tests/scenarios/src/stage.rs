//! The host of a scenario: a store, a source, a transport, a signer, a clock and dice that do what they are told.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use bitcoin::secp256k1::PublicKey;
use hex_conservative::FromHex;
use invreq::driver::{Clock, Entropy, HostError, PaymentSource, Received, Signer, Transport};
use invreq::engine::{Delivery, InboundPayment, InboundPaymentRequest, Route, SendOutcome, SignRequest};
use invreq::onion::SharedSecret;
use invreq::store::{Batch, Conflict, Entry, Store, StoreError};
use serde_json::{json, Value};

use crate::turns::{Turns, HOST, SAID};
use crate::{lines, values};

/// What is stored.
pub type Data = BTreeMap<Vec<u8>, Vec<u8>>;

/// The host as one payee sees it.
#[derive(Clone)]
pub struct Stage {
    /// What stands before its lines, and makes its entropy its own.
    pub name: String,
    pub world: Arc<World>,
}

/// What all payees of a scenario have in common.
pub struct World {
    pub turns: Turns,
    pub data: Mutex<Data>,
    /// What the parts of the host say, by their name; an action changes single words of it.
    pub says: Mutex<BTreeMap<String, Value>>,
    pub now_ms: AtomicU64,
    /// The action under way.
    pub action: AtomicU32,
    /// Questions that are held, in the order in which they came, and how many of them may be answered.
    pub held: Mutex<VecDeque<u64>>,
    pub released: Mutex<BTreeMap<u64, String>>,
    pub arrived: Mutex<VecDeque<Value>>,
    /// What was handed to the transport, by its id.
    pub deliveries: Mutex<BTreeMap<String, Delivery>>,
    pub signed: Mutex<Vec<SignRequest>>,
    /// The nodes and points that were asked about.
    pub multiplied: Mutex<BTreeSet<(PublicKey, PublicKey)>>,
    /// After how many writes and sends the process dies, each time counted from the last, and whether it just did.
    pub dies_after: Mutex<VecDeque<u32>>,
    pub died: AtomicBool,
    /// Whether it ever did.
    pub has_died: AtomicBool,
    next: AtomicU64,
}

impl World {
    pub fn new(defaults: BTreeMap<String, Value>, now_ms: u64, dies_after: &[u32]) -> Self {
        Self {
            turns: Turns::default(),
            data: Mutex::default(),
            says: Mutex::new(defaults),
            now_ms: AtomicU64::new(now_ms),
            action: AtomicU32::new(0),
            held: Mutex::default(),
            released: Mutex::default(),
            arrived: Mutex::default(),
            deliveries: Mutex::default(),
            signed: Mutex::default(),
            multiplied: Mutex::default(),
            dies_after: Mutex::new(dies_after.iter().copied().collect()),
            died: AtomicBool::new(false),
            has_died: AtomicBool::new(false),
            next: AtomicU64::new(0),
        }
    }

    pub fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap()
    }

    /// Changes what a part of the host says.
    pub fn tell(&self, part: &str, words: &Value) {
        let mut says = self.says.lock().unwrap();
        let said = says.entry(part.to_owned()).or_insert_with(|| json!({}));
        for (key, value) in words.as_object().unwrap() {
            said[key] = value.clone();
        }
    }

    /// What a part of the host says to this.
    fn says(&self, part: &str) -> Value {
        self.says
            .lock()
            .unwrap()
            .get(part)
            .cloned()
            .unwrap_or(Value::Null)
    }

    /// The first of a list, which is then gone.
    fn takes(&self, part: &str, list: &str) -> Option<String> {
        let mut says = self.says.lock().unwrap();
        let list = says.get_mut(part)?.get_mut(list)?.as_array_mut()?;
        (!list.is_empty()).then(|| values::text(&list.remove(0)))
    }

    /// The process can die here.
    async fn may_die(&self) {
        if let Some(left) = self
            .dies_after
            .lock()
            .unwrap()
            .front_mut()
            .filter(|_| !self.died.load(Ordering::SeqCst))
        {
            *left -= 1;
            self.died.store(*left == 0, Ordering::SeqCst);
        }
        if self.died.load(Ordering::SeqCst) {
            core::future::pending::<()>().await;
        }
    }

    /// Waits until the oldest question that is held is released, and gives what is to be said.
    async fn hold(&self) -> String {
        let place = self.next.fetch_add(1, Ordering::SeqCst);
        self.held.lock().unwrap().push_back(place);
        self.turns
            .until(|| self.released.lock().unwrap().remove(&place))
            .await
    }
}

impl Stage {
    fn line(&self, line: &str) {
        let prefix = if self.name == "a" {
            String::new()
        } else {
            format!("{} ", self.name)
        };
        self.world.turns.write(format!("{prefix}{line}"));
    }

    /// A line of the host's own, when its turn has come.
    async fn host_line(&self, line: &str) {
        self.world.turns.turn(HOST).await;
        self.line(line);
    }

    /// A line when its turn has come.
    pub async fn line_in_turn(&self, patience: u32, line: &str) {
        self.world.turns.turn(patience).await;
        self.line(line);
    }

    fn apply(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut data = self.world.data();
        let revision = data.get(&batch.revision_key).map_or(0, |bytes| {
            u64::from_be_bytes(bytes.as_slice().try_into().unwrap())
        });
        if revision != batch.revision - 1 {
            return Err(StoreError::Conflict(Conflict::Revision));
        }
        if let Some(key) = batch.absent.iter().find(|key| data.contains_key(*key)) {
            return Err(StoreError::Conflict(Conflict::Present(key.clone())));
        }
        for entry in &batch.puts {
            data.insert(entry.key.clone(), entry.value.clone());
        }
        for key in &batch.deletes {
            data.remove(key);
        }
        data.insert(batch.revision_key.clone(), batch.revision.to_be_bytes().to_vec());
        Ok(())
    }
}

/// The store's error of this name.
fn store_error(word: &str) -> StoreError {
    let why = "as the scenario says".to_owned();
    match word {
        "failed" | "lost" => StoreError::Failed(why),
        "full" => StoreError::Full(why),
        "read_only" => StoreError::ReadOnly(why),
        "corrupt" => StoreError::Corrupt(why),
        "closed" => StoreError::Closed,
        other => panic!("a store does not fail by {other}"),
    }
}

impl Store for Stage {
    async fn range(&self, start: &[u8], end: &[u8], limit: usize) -> Result<Vec<Entry>, StoreError> {
        if let Some(word) = self.world.takes("store", "reads").filter(|word| word != "ok") {
            self.host_line(&format!("read {word}")).await;
            return Err(store_error(&word));
        }
        let data = self.world.data();
        let found = data.range(start.to_vec()..end.to_vec()).take(limit);
        Ok(found
            .map(|(key, value)| Entry::new(key.clone(), value.clone()))
            .collect())
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        let world = &self.world;
        world.turns.turn(HOST).await;
        world.turns.log(format_args!("{batch:?}"));
        let word = world.takes("store", "writes").unwrap_or_else(|| "ok".to_owned());
        if word == "conflict" {
            // Another writer was here, and changed nothing but the revision.
            let mut other = Batch::new(batch.revision_key.clone(), batch.revision);
            other.puts.clear();
            self.apply(&other)?;
        }
        let result = match word.as_str() {
            "ok" | "conflict" => self.apply(batch),
            "lost" => self.apply(batch).and_then(|()| Err(store_error(&word))),
            _ => Err(store_error(&word)),
        };
        let outcome = match &result {
            Ok(()) => "",
            Err(StoreError::Conflict(_)) => " conflict",
            Err(_) => &format!(" {word}"),
        };
        self.line(&format!("{}{outcome}", lines::write(batch)));
        world.may_die().await;
        result
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl PaymentSource for Stage {
    async fn create_inbound_payment(
        &self,
        asked: &InboundPaymentRequest,
    ) -> Result<InboundPayment, HostError> {
        self.world.turns.log(format_args!("{asked:?}"));
        self.host_line(&lines::source(asked)).await;
        let says = self.world.says("source");
        if says["hold"] == true {
            self.world.hold().await;
        }
        self.line_in_turn(SAID, &format!("told source {}", asked.label))
            .await;
        // What it was told meanwhile counts.
        let inbound = values::inbound_payment(&self.world.says("source"));
        self.world.turns.logged_too(&inbound);
        inbound
    }

    async fn can_receive(&self, amount_msat: u64) -> Option<bool> {
        self.host_line(&format!("ask receive {amount_msat}")).await;
        self.world.says("source")["canReceive"].as_bool()
    }
}

impl Transport for Stage {
    async fn send(&self, delivery: &Delivery) -> SendOutcome {
        let world = &self.world;
        world.turns.log(format_args!("{delivery:?}"));
        world
            .deliveries
            .lock()
            .unwrap()
            .insert(delivery.id.clone(), delivery.clone());
        self.host_line(&lines::send(delivery)).await;
        world.may_die().await;
        let says = values::text(&world.says("transport")["send"]);
        let mut word = world.takes("transport", "sends").unwrap_or(says);
        if word == "hold" {
            word = world.hold().await;
        }
        self.line_in_turn(SAID, &format!("said {} {word}", delivery.id))
            .await;
        values::outcome(&word)
    }

    async fn resolve_scid(&self, scid: u64, direction: u8) -> Result<Option<PublicKey>, HostError> {
        self.host_line(&format!("ask scid {scid} {direction}")).await;
        values::end(&self.world.says("transport")["scids"][format!("{scid}/{direction}")])
    }

    async fn find_route(&self, node_id: PublicKey) -> Result<Option<Route>, HostError> {
        self.host_line(&format!("ask route {node_id}")).await;
        let says = self.world.says("transport");
        let own = says["routes"].get(node_id.to_string());
        values::route(own.unwrap_or(&says["route"]))
    }

    async fn receive(&self) -> Received {
        let arrived = self
            .world
            .turns
            .until(|| self.world.arrived.lock().unwrap().pop_front())
            .await;
        let bytes = values::bytes(&arrived["bytes"]);
        match arrived.get("replyTo") {
            Some(id) => Received::InvoiceError {
                reply_path_id: values::array(id),
                bytes,
            },
            None => Received::OnionMessage {
                node_id: arrived.get("nodeId").map(values::parsed),
                bytes,
            },
        }
    }

    async fn ecdh(&self, node_id: PublicKey, point: PublicKey) -> Result<SharedSecret, HostError> {
        self.world.multiplied.lock().unwrap().insert((node_id, point));
        self.host_line(&format!("ask ecdh {node_id} {point}")).await;
        match self.world.says("ecdh").get(format!("{node_id} {point}")) {
            Some(secret) => Ok(SharedSecret::new(values::array(secret))),
            None => Err(HostError("no such key".to_owned())),
        }
    }
}

impl Signer for Stage {
    async fn sign(&self, request: &SignRequest) -> Result<[u8; 64], HostError> {
        self.world.turns.log(format_args!("{request:?}"));
        self.world.signed.lock().unwrap().push(request.clone());
        let (node_id, digest) = (request.node_id, lines::hex(&request.digest));
        self.host_line(&format!(
            "ask sign {node_id} {digest} {}",
            lines::mark(&request.invoice)
        ))
        .await;
        let says = self.world.says("signer");
        match says["signs"].as_str() {
            Some(signature) => Ok(<[u8; 64]>::from_hex(signature).unwrap()),
            None => Err(HostError("locked".to_owned())),
        }
    }
}

impl Clock for Stage {
    fn now_ms(&self) -> u64 {
        self.world.now_ms.load(Ordering::SeqCst)
    }

    async fn sleep_until(&self, at_ms: u64) {
        let began = self.now_ms();
        // Like the system's, it wakes early when it is set back.
        let is_over = || (!(began..at_ms).contains(&self.now_ms())).then_some(());
        self.world.turns.until(is_over).await;
    }
}

impl Entropy for Stage {
    /// The same for all of an action, however often it is asked for; other bytes in a process that came after a death, so that an
    /// invoice which is made twice shows.
    fn bytes(&self) -> Result<[u8; 32], HostError> {
        let mut bytes = entropy(self.world.action.load(Ordering::SeqCst), &self.name);
        bytes[31] ^= u8::from(self.world.has_died.load(Ordering::SeqCst));
        Ok(bytes)
    }
}

/// The number of the action (4 bytes), the first byte of the payee's name, and bytes that count up.
pub fn entropy(action: u32, name: &str) -> [u8; 32] {
    let mut bytes: [u8; 32] = core::array::from_fn(|place| 0xd0 + u8::try_from(place).unwrap());
    bytes[..4].copy_from_slice(&action.to_be_bytes());
    bytes[4] = name.as_bytes()[0];
    bytes
}
