use std::sync::{Arc, Mutex, PoisonError};

use lightning::blinded_path::message::OffersContext;
use lightning::offers::invoice_error::InvoiceError;
use lightning::onion_message::messenger::{MessageSendInstructions, Responder, ResponseInstruction};
use lightning::onion_message::offers::{OffersMessage, OffersMessageHandler};

use crate::node::Manager;

/// Hands offers messages to the channel manager, except for the errors that answer an invoice of ours: those the
/// channel manager would only log, so they are kept for the harness.
pub(crate) struct OffersTap {
    manager: Arc<Manager>,
    errors: Mutex<Vec<([u8; 32], InvoiceError)>>,
}

impl OffersTap {
    pub(crate) fn new(manager: Arc<Manager>) -> OffersTap {
        OffersTap {
            manager,
            errors: Mutex::default(),
        }
    }

    /// The errors that came since the last call, each with the id of the reply path it came over.
    pub(crate) fn take_errors(&self) -> Vec<([u8; 32], InvoiceError)> {
        std::mem::take(&mut *self.errors.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl OffersMessageHandler for OffersTap {
    fn handle_message(
        &self,
        message: OffersMessage,
        context: Option<OffersContext>,
        responder: Option<Responder>,
    ) -> Option<(OffersMessage, ResponseInstruction)> {
        match (message, context) {
            (OffersMessage::InvoiceError(error), Some(OffersContext::InboundPayment { payment_hash })) => {
                self.errors
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push((payment_hash.0, error));
                None
            }
            (message, context) => self.manager.handle_message(message, context, responder),
        }
    }

    fn release_pending_messages(&self) -> Vec<(OffersMessage, MessageSendInstructions)> {
        self.manager.release_pending_messages()
    }
}
