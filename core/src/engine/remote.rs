//! A node key the host keeps to itself: questions "ECDH of that key and this point", answered as data.

use bitcoin::secp256k1::PublicKey;

use crate::engine::draft::{wrong_answer, Draft, Draw, Stop};
use crate::engine::{Answer, Need};
use crate::onion::{Ecdh, SharedSecret};

/// Asks for one key, and remembers what came of it.
pub(crate) struct RemoteKey<'a, 'b> {
    draft: &'b Draft<'a>,
    node_id: PublicKey,
    /// How many more questions there may be.
    left: u32,
    stopped: Option<Unanswered>,
}

/// Why a question has no answer.
enum Unanswered {
    NotYet(Need),
    Refused,
    Wrong,
}

impl<'a, 'b> RemoteKey<'a, 'b> {
    pub(crate) fn new(draft: &'b Draft<'a>, node_id: PublicKey, most_questions: u32) -> Self {
        Self {
            draft,
            node_id,
            left: most_questions,
            stopped: None,
        }
    }

    /// Whether every question was answered; a stop where the host has to be asked first.
    pub(crate) fn answered(self) -> Draw<bool> {
        match self.stopped {
            None => Ok(true),
            Some(Unanswered::Refused) => Ok(false),
            Some(Unanswered::Wrong) => Err(wrong_answer("a shared secret")),
            Some(Unanswered::NotYet(need)) => Err(Stop::Need(vec![need])),
        }
    }
}

impl Ecdh for &mut RemoteKey<'_, '_> {
    fn ecdh(&mut self, point: &PublicKey) -> Option<SharedSecret> {
        let Some(left) = self.left.checked_sub(1) else {
            self.stopped = Some(Unanswered::Refused);
            return None;
        };
        self.left = left;
        let (node_id, point) = (self.node_id, *point);
        let need = Need::Ecdh { node_id, point };
        self.stopped = Some(match self.draft.answers.get(&need) {
            Some(Answer::SharedSecret(secret)) => return Some(secret.clone()),
            Some(Answer::Failed(_)) => Unanswered::Refused,
            Some(_) => Unanswered::Wrong,
            None => Unanswered::NotYet(need),
        });
        None
    }
}
