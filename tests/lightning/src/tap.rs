use std::sync::{Arc, Mutex, PoisonError};

use bitcoin::secp256k1::PublicKey;
use lightning::ln::msgs::{BaseMessageHandler, Init, MessageSendEvent, OnionMessage, OnionMessageHandler};
use lightning::types::features::{InitFeatures, NodeFeatures};
use lightning::util::ser::Writeable;

use crate::node::Messenger;

/// Gets the onion messages a node receives before its messenger does: the peer they came from, and the payload without its
/// type. `true` keeps a message from the messenger.
pub(crate) type Listener = dyn Fn(PublicKey, &[u8]) -> bool + Send + Sync;

/// A messenger with somebody who may listen in front of it.
pub(crate) struct OnionTap {
    messenger: Arc<Messenger>,
    listener: Mutex<Option<Arc<Listener>>>,
}

impl OnionTap {
    pub(crate) fn new(messenger: Arc<Messenger>) -> OnionTap {
        OnionTap {
            messenger,
            listener: Mutex::default(),
        }
    }

    pub(crate) fn listen(&self, listener: Option<Arc<Listener>>) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = listener;
    }
}

impl OnionMessageHandler for OnionTap {
    fn handle_onion_message(&self, peer: PublicKey, message: &OnionMessage) {
        let listener = self
            .listener
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let is_kept = listener.is_some_and(|listener| listener(peer, &message.encode()));
        if !is_kept {
            self.messenger.handle_onion_message(peer, message);
        }
    }

    fn next_onion_message_for_peer(&self, peer: PublicKey) -> Option<OnionMessage> {
        self.messenger.next_onion_message_for_peer(peer)
    }

    fn timer_tick_occurred(&self) {
        self.messenger.timer_tick_occurred();
    }
}

impl BaseMessageHandler for OnionTap {
    fn get_and_clear_pending_msg_events(&self) -> Vec<MessageSendEvent> {
        self.messenger.get_and_clear_pending_msg_events()
    }

    fn peer_disconnected(&self, peer: PublicKey) {
        self.messenger.peer_disconnected(peer);
    }

    fn provided_node_features(&self) -> NodeFeatures {
        self.messenger.provided_node_features()
    }

    fn provided_init_features(&self, peer: PublicKey) -> InitFeatures {
        self.messenger.provided_init_features(peer)
    }

    fn peer_connected(&self, peer: PublicKey, init: &Init, inbound: bool) -> Result<(), ()> {
        self.messenger.peer_connected(peer, init, inbound)
    }
}
