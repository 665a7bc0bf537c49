use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bitcoin::secp256k1::{self, PublicKey, Secp256k1};
use lightning::blinded_path::message::{BlindedMessagePath, MessageContext, MessageForwardNode};
use lightning::ln::channelmanager::{PaymentId, Retry};
use lightning::onion_message::messenger::{Destination, MessageRouter, OnionMessagePath};
use lightning::routing::router::RouteParametersConfig;
use lightning::sign::{EntropySource, KeysManager, ReceiveAuthKey};

use crate::chain::unix_time;
use crate::state::State;
use crate::{Error, Network, NodeIndex};

/// What a payer offers to pay.
#[derive(Clone, Debug)]
pub struct RefundTerms {
    /// How much.
    pub amount_msat: u64,
    /// What for.
    pub description: String,
    /// How long the request stands.
    pub expiry_secs: u64,
}

impl RefundTerms {
    /// A request that stands for an hour.
    pub fn new(amount_msat: u64, description: &str) -> RefundTerms {
        RefundTerms {
            amount_msat,
            description: description.to_owned(),
            expiry_secs: 3600,
        }
    }
}

/// What LDK's payers do.
impl Network {
    /// Lets a payer make an invoice request (`lnr1…`) that it will pay once.
    pub fn create_refund(&self, payer: NodeIndex, terms: &RefundTerms) -> Result<String, Error> {
        let state = self.state();
        let manager = &state.live(payer)?.manager;
        let (expiry, id) = (expiry(terms), payment_id(&state, payer));
        let (retry, route) = (Retry::Attempts(3), RouteParametersConfig::default());
        let refund = manager
            .create_refund_builder(terms.amount_msat, expiry, id, retry, route)
            .and_then(|builder| builder.description(terms.description.clone()).build());
        Ok(refund.map_err(Error::lightning)?.to_string())
    }

    /// As [`create_refund`](Self::create_refund), with one path over each of these ways: the nodes before the payer, none of
    /// which is asked or has to be there.
    pub fn create_refund_over(
        &self,
        payer: NodeIndex,
        terms: &RefundTerms,
        ways: &[Vec<PublicKey>],
    ) -> Result<String, Error> {
        let state = self.state();
        let (manager, keys) = (&state.live(payer)?.manager, &state.live(payer)?.keys);
        let (expiry, id) = (expiry(terms), payment_id(&state, payer));
        let (retry, route) = (Retry::Attempts(3), RouteParametersConfig::default());
        let given = GivenWays::new(ways, keys.clone());
        let refund = manager
            .create_refund_builder_using_router(&given, terms.amount_msat, expiry, id, retry, route)
            .and_then(|builder| {
                let builder = builder.description(terms.description.clone());
                let with_others = given
                    .others()
                    .into_iter()
                    .fold(builder, |builder, path| builder.path(path));
                with_others.build()
            });
        Ok(refund.map_err(Error::lightning)?.to_string())
    }
}

fn expiry(terms: &RefundTerms) -> Duration {
    unix_time().saturating_add(Duration::from_secs(terms.expiry_secs))
}

fn payment_id(state: &State, payer: NodeIndex) -> PaymentId {
    PaymentId(state.node(payer).keys.get_secure_random_bytes())
}

/// Makes the paths of a request over given nodes, instead of those LDK would choose.
struct GivenWays {
    ways: Vec<Vec<PublicKey>>,
    keys: Arc<KeysManager>,
    others: Mutex<Vec<BlindedMessagePath>>,
}

impl GivenWays {
    /// For each path the nodes before the payer, the introduction node first.
    fn new(ways: &[Vec<PublicKey>], keys: Arc<KeysManager>) -> GivenWays {
        GivenWays {
            ways: ways.to_vec(),
            keys,
            others: Mutex::default(),
        }
    }

    /// All paths but the first, of which LDK takes no more.
    fn others(&self) -> Vec<BlindedMessagePath> {
        std::mem::take(&mut *self.others.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl MessageRouter for GivenWays {
    fn find_path(&self, _: PublicKey, _: Vec<PublicKey>, _: Destination) -> Result<OnionMessagePath, ()> {
        Err(())
    }

    fn create_blinded_paths<T: secp256k1::Signing + secp256k1::Verification>(
        &self,
        recipient: PublicKey,
        receive_key: ReceiveAuthKey,
        context: MessageContext,
        _: Vec<MessageForwardNode>,
        secp: &Secp256k1<T>,
    ) -> Result<Vec<BlindedMessagePath>, ()> {
        let over = |way: &Vec<PublicKey>| {
            let nodes = way.iter().map(|node_id| MessageForwardNode {
                node_id: *node_id,
                short_channel_id: None,
            });
            let nodes: Vec<_> = nodes.collect();
            BlindedMessagePath::new(&nodes, recipient, receive_key, context.clone(), &*self.keys, secp)
        };
        let mut paths: Vec<_> = self.ways.iter().map(over).collect();
        *self.others.lock().unwrap_or_else(PoisonError::into_inner) = paths.split_off(1.min(paths.len()));
        Ok(paths)
    }
}
