//! Where the next copy of an invoice is.

use bitcoin::secp256k1::PublicKey;

use crate::engine::lines::Peer;

/// A copy the host was given, or is to be given. It lives in memory only: after a crash the same copy comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flight {
    pub(crate) stage: Stage,
    /// How often the host could not send it.
    pub(crate) retries: u32,
    /// The paths before this one were tried for it just now.
    pub(crate) from_path: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// To be handed out at this time, in Unix milliseconds.
    Due(u64),
    /// In the line of a peer, at this place.
    InLine(Peer, u64),
    /// The host has it.
    InHand(InHand),
}

/// The copy in the host's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InHand {
    pub(crate) copy: u32,
    pub(crate) path: u32,
    /// The node its reply path ends at, where that is not our reply key.
    pub(crate) reply_node: Option<PublicKey>,
}

impl Flight {
    /// The next copy is to be handed out at this time.
    pub(crate) fn due(at_ms: u64, retries: u32) -> Self {
        Self {
            stage: Stage::Due(at_ms),
            retries,
            from_path: 0,
        }
    }

    /// The same copy, in another stage.
    pub(crate) fn at(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }

    /// What the host has, if it is this copy.
    pub(crate) fn in_hand(self, copy: u32) -> Option<InHand> {
        match self.stage {
            Stage::InHand(hand) if hand.copy == copy => Some(hand),
            _ => None,
        }
    }

    pub(crate) fn reply_node(self) -> Option<PublicKey> {
        match self.stage {
            Stage::InHand(hand) => hand.reply_node,
            _ => None,
        }
    }
}
