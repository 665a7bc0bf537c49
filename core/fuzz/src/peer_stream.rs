use bitcoin::secp256k1::{Secp256k1, SecretKey};
use bitcoin::Network;
use invreq::peer::{Peer, PeerEvent, MAX_OUTGOING_LEN};

/// The largest message with its header and tags.
const MAX_UNIT_LEN: usize = 65_569;

/// What one connection can make us keep, with the slack of growing vectors.
const MAX_BUFFERED: usize = 2 * (MAX_OUTGOING_LEN + 2 * MAX_UNIT_LEN);

/// Lets a connection live through what the bytes say: raw bytes, encrypted messages, cuts, altered bits, time.
pub fn peer_stream(data: &[u8]) {
    let mut input = Input(data);
    let Some(mut scene) = Scene::open(input.byte()) else {
        return;
    };
    while !input.0.is_empty() {
        scene.act(&mut input);
        assert!(scene.ours.buffered() <= MAX_BUFFERED);
    }
    scene.end();
}

struct Scene {
    ours: Peer,
    /// The other side, which is made to say anything.
    theirs: Peer,
    /// What it has said and we have not got yet.
    pipe: Vec<u8>,
    now_ms: u64,
    closed: bool,
}

impl Scene {
    fn open(choices: u8) -> Option<Scene> {
        let key = |fill| SecretKey::from_slice(&[fill; 32]).ok();
        let (one, two, network) = (key(1)?, key(2)?, Network::Regtest);
        let two_id = two.public_key(&Secp256k1::new());
        let initiator = Peer::connect(two_id, &one, network, [3; 32], 0).ok()?;
        let responder = Peer::accept(&two, network, [4; 32], 0).ok()?;
        let (ours, theirs) = match choices & 1 {
            0 => (initiator, responder),
            _ => (responder, initiator),
        };
        let mut scene = Scene {
            ours,
            theirs,
            pipe: Vec::new(),
            now_ms: 0,
            closed: false,
        };
        if choices & 2 != 0 {
            // In most scenes the handshake is over before anything happens.
            for _ in 0..3 {
                scene.answer();
                let said = core::mem::take(&mut scene.pipe);
                scene.hear(&said);
            }
        }
        Some(scene)
    }

    fn act(&mut self, input: &mut Input<'_>) {
        match input.byte() % 9 {
            0 => self.hear(input.bytes()),
            1 => {
                let _ = self.theirs.say(input.bytes());
                self.pipe.extend(self.theirs.outgoing());
            }
            2 => {
                // A long one of any type.
                let message = [input.bytes(), &vec![input.byte(); usize::from(input.number())]].concat();
                let _ = self.theirs.say(message.get(..65_535).unwrap_or(&message));
                self.pipe.extend(self.theirs.outgoing());
            }
            3 => {
                let len = usize::from(input.number()).min(self.pipe.len());
                let said: Vec<u8> = self.pipe.drain(..len).collect();
                self.hear(&said);
            }
            4 => {
                let (at, bit) = (usize::from(input.number()), input.byte());
                if let Some(byte) = self.pipe.get_mut(at) {
                    *byte ^= 1 << (bit & 7);
                }
            }
            5 => {
                self.now_ms = self.now_ms.saturating_add(u64::from(input.number()));
                let events = self.ours.tick(self.now_ms);
                self.note(&events);
            }
            6 => {
                _ = self
                    .ours
                    .send_onion_message(&vec![2; usize::from(input.number())])
            }
            7 => self.answer(),
            _ => _ = self.ours.ping(self.now_ms),
        }
    }

    /// The other side gets what we have written, and may answer.
    fn answer(&mut self) {
        let written = self.ours.outgoing();
        self.theirs.receive(&written, self.now_ms);
        self.pipe.extend(self.theirs.outgoing());
        self.pipe.truncate(4 * MAX_UNIT_LEN);
    }

    fn hear(&mut self, bytes: &[u8]) {
        let events = self.ours.receive(bytes, self.now_ms);
        self.note(&events);
    }

    /// Nothing comes after the end, and the end comes once.
    fn note(&mut self, events: &[PeerEvent]) {
        for event in events {
            assert!(!self.closed, "{event:?} after the end");
            self.closed = matches!(event, PeerEvent::Closed(_));
        }
        assert_eq!(self.closed, self.ours.closed().is_some());
    }

    fn end(&mut self) {
        let events = self.ours.disconnected();
        self.note(&events);
        assert!(self.closed);
        assert_eq!(self.ours.wake_at(), None);
        assert!(self.ours.outgoing().is_empty());
    }
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *byte
    }

    fn number(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// As many as the next byte says, if there are so many.
    fn bytes(&mut self) -> &'a [u8] {
        let len = usize::from(self.byte()).min(self.0.len());
        let (bytes, rest) = self.0.split_at(len);
        self.0 = rest;
        bytes
    }
}
