//! The engine: one object.

use core::str::FromStr;

use bitcoin::Network;
use invreq::engine::{Config, Need, Progress, Sending, Step};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::answers::Answers;
use crate::input::Input;
use crate::value::{give, invalid, secret, throw, time};
use crate::Js;

/// Answers invoice requests and tracks the answers; data in, data out.
#[wasm_bindgen]
pub struct Engine {
    inner: invreq::engine::Engine,
    config: Config,
}

/// What `begin` came to: one of the two.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Begun<'a> {
    needs: Option<&'a [Need]>,
    step: Option<Step>,
}

#[wasm_bindgen]
impl Engine {
    /// The engine of a wallet.
    #[wasm_bindgen(constructor)]
    pub fn new(network: &str, wallet_id: &str, seed: Vec<u8>) -> Js<Engine> {
        let network = Network::from_str(network).map_err(|_| invalid("there is no such network"))?;
        let mut config = Config::new(network);
        config.wallet_id = wallet_id.to_owned();
        let seed = secret(seed, "a seed")?;
        let inner = invreq::engine::Engine::new(config.clone(), &seed).map_err(throw)?;
        Ok(Self { inner, config })
    }

    /// Carries an input as far as it goes with these answers.
    pub fn begin(&mut self, input: &Input, now_ms: f64, entropy: Vec<u8>, answers: &mut Answers) -> Js {
        let entropy = secret(entropy, "entropy")?;
        let progress = self
            .inner
            .begin(&input.0, time(now_ms), &entropy, &answers.given)
            .map_err(throw)?;
        Ok(match progress {
            Progress::Need(needs) => {
                answers.needs = needs;
                give(&Begun {
                    needs: Some(&answers.needs),
                    step: None,
                })
            }
            Progress::Step(step) => give(&Begun {
                needs: None,
                step: Some(step),
            }),
        })
    }

    /// Makes a step's change, now that its batch is written.
    pub fn commit(&mut self, step: u64) -> Js {
        self.inner
            .commit(step)
            .map(|effects| give(&effects))
            .map_err(throw)
    }

    /// When the next tick is wanted, in Unix milliseconds: what there is to know after a write that failed.
    #[wasm_bindgen(js_name = wakeAt)]
    pub fn wake_at(&self) -> Option<f64> {
        self.inner.wake_at().map(|at| at as f64)
    }

    /// Who hands out copies: `everyone`, `only` this one, or `none`.
    #[wasm_bindgen(js_name = setSending)]
    pub fn set_sending(&mut self, sending: &str) {
        self.inner.set_sending(match sending {
            "none" => Sending::None,
            "only" => Sending::Only,
            _ => Sending::Everyone,
        });
    }

    /// The node id that replies over our own reply paths are for.
    #[wasm_bindgen(js_name = replyNodeId)]
    pub fn reply_node_id(&self) -> Js<String> {
        let node_id = self.inner.reply_node_id().map_err(throw)?;
        Ok(node_id.to_string())
    }

    /// How many replies came that answer nothing of ours.
    #[wasm_bindgen(js_name = ignoredReplies)]
    pub fn ignored_replies(&self) -> u64 {
        self.inner.ignored_replies()
    }

    /// Where the wallet's revision lies in its store.
    #[wasm_bindgen(js_name = revisionKey)]
    pub fn revision_key(&self) -> Vec<u8> {
        self.config.revision_key()
    }
}
