//! The engine: one object.

use core::str::FromStr;
use std::sync::{Arc, Mutex};

use bitcoin::secp256k1::PublicKey;
use bitcoin::Network;
use invreq::engine::{
    Answer, CallId, Config, Delivery, Event, Input, Need, Outcome, Progress, Reply, Sending, Step,
};
use invreq::ErrorDetails;

use crate::values::{lock, secret};
use crate::BadValue;

/// Answers invoice requests and tracks the answers; data in, data out.
#[derive(uniffi::Object)]
pub struct Engine {
    inner: Mutex<invreq::engine::Engine>,
    config: Config,
}

/// The answers to all needs of one input so far.
#[derive(uniffi::Object, Default)]
pub struct Answers(Mutex<invreq::engine::Answers>);

/// What `begin` came to.
#[derive(uniffi::Enum)]
#[allow(clippy::large_enum_variant)] // it crosses at once
pub enum Begun {
    /// Answer these, and begin the same input again with the answers, at the same time and with the same entropy.
    Needs {
        /// The questions.
        needs: Vec<Need>,
    },
    /// Write the batch, then commit.
    Step {
        /// The change.
        step: Step,
    },
    /// Nothing is to be done.
    Failed {
        /// Why not.
        error: ErrorDetails,
    },
}

/// What `commit` came to.
#[derive(uniffi::Enum)]
#[allow(clippy::large_enum_variant)] // it crosses at once
pub enum Committed {
    /// What to do now that the step is written.
    Effects {
        /// Invoices to hand to the transport.
        deliveries: Vec<Delivery>,
        /// Replies to calls, each call's first and last.
        replies: Vec<Replied>,
        /// What happened.
        events: Vec<Event>,
        /// When the engine wants its next tick, in Unix milliseconds.
        wake_at: Option<u64>,
    },
    /// The step was superseded.
    Failed {
        /// Why.
        error: ErrorDetails,
    },
}

/// The reply to a call: one of the two is there.
#[derive(uniffi::Record)]
pub struct Replied {
    /// The call.
    pub call: CallId,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// Why nothing came of it.
    pub error: Option<ErrorDetails>,
}

/// What came of making an engine.
#[derive(uniffi::Enum)]
#[allow(clippy::large_enum_variant)] // it crosses at once
pub enum Opened {
    /// The engine.
    Engine {
        /// It wants to be restored first.
        engine: Arc<Engine>,
    },
    /// There is none.
    Failed {
        /// Why not.
        error: ErrorDetails,
    },
}

/// The engine of a wallet. The caller clears its copy of the seed.
#[uniffi::export]
pub fn open_engine(network: &str, wallet_id: String, seed: Vec<u8>) -> Result<Opened, BadValue> {
    let seed = secret(seed, "a seed is 32 bytes")?;
    let network = Network::from_str(network).map_err(|_| BadValue::new("there is no such network"))?;
    let mut config = Config::new(network);
    config.wallet_id = wallet_id;
    Ok(match invreq::engine::Engine::new(config.clone(), &seed) {
        Ok(inner) => Opened::Engine {
            engine: Arc::new(Engine {
                inner: Mutex::new(inner),
                config,
            }),
        },
        Err(error) => Opened::Failed {
            error: error.into_details(),
        },
    })
}

#[uniffi::export]
impl Engine {
    /// Carries an input as far as it goes with these answers. `entropy` is 32 bytes, fresh for every input.
    pub fn begin(
        &self,
        input: Input,
        now_ms: u64,
        entropy: Vec<u8>,
        answers: &Answers,
    ) -> Result<Begun, BadValue> {
        let entropy = secret(entropy, "entropy is 32 bytes")?;
        let answers = lock(&answers.0)?;
        Ok(
            match lock(&self.inner)?.begin(&input, now_ms, &entropy, &answers) {
                Ok(Progress::Need(needs)) => Begun::Needs { needs },
                Ok(Progress::Step(step)) => Begun::Step { step },
                Err(error) => Begun::Failed {
                    error: error.into_details(),
                },
            },
        )
    }

    /// Makes a step's change, now that its batch is written.
    pub fn commit(&self, step: u64) -> Result<Committed, BadValue> {
        let committed = lock(&self.inner)?.commit(step);
        Ok(match committed {
            Ok(effects) => Committed::Effects {
                deliveries: effects.deliveries,
                replies: effects.replies.into_iter().map(Replied::from).collect(),
                events: effects.events,
                wake_at: effects.wake_at,
            },
            Err(error) => Committed::Failed {
                error: error.into_details(),
            },
        })
    }

    /// Says whether this engine hands out copies; it does unless it is told otherwise.
    pub fn set_sending(&self, sending: Sending) -> Result<(), BadValue> {
        lock(&self.inner)?.set_sending(sending);
        Ok(())
    }

    /// The node id that replies over our own reply paths are for.
    pub fn reply_node_id(&self) -> Result<PublicKey, BadValue> {
        let node_id = lock(&self.inner)?.reply_node_id();
        node_id.map_err(|error| BadValue::new(error.message()))
    }

    /// When the engine wants its next tick, in Unix milliseconds: what there is to know after a write that failed.
    pub fn wake_at(&self) -> Result<Option<u64>, BadValue> {
        Ok(lock(&self.inner)?.wake_at())
    }

    /// Where the wallet's revision lies in its store.
    pub fn revision_key(&self) -> Result<Vec<u8>, BadValue> {
        Ok(self.config.revision_key())
    }

    /// How many replies came that answer nothing of ours.
    pub fn ignored_replies(&self) -> Result<u64, BadValue> {
        Ok(lock(&self.inner)?.ignored_replies())
    }
}

#[uniffi::export]
impl Answers {
    /// No answers yet.
    #[uniffi::constructor]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the answer to a need.
    pub fn insert(&self, need: Need, answer: Answer) -> Result<(), BadValue> {
        lock(&self.0)?.insert(need, answer);
        Ok(())
    }

    /// Forgets what was read of the store.
    pub fn forget_reads(&self) -> Result<(), BadValue> {
        lock(&self.0)?.forget_reads();
        Ok(())
    }
}

impl From<Reply> for Replied {
    fn from(Reply { call, result }: Reply) -> Self {
        let (outcome, error) = match result {
            Ok(outcome) => (Some(outcome), None),
            Err(error) => (None, Some(error.into_details())),
        };
        Self { call, outcome, error }
    }
}
