use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lightning::ln::peer_handler::SocketDescriptor;

/// One end of a BOLT 8 connection as a `PeerManager` sees it: what it sends waits here to be carried away.
#[derive(Clone)]
pub(crate) struct Socket {
    id: u64,
    limit: usize,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    outgoing: VecDeque<u8>,
    read_paused: bool,
    write_blocked: bool,
    closed: bool,
}

impl Socket {
    /// The most bytes to hand to LDK at a time, as it asks for.
    pub(crate) const CHUNK: usize = 4096;
    /// The most bytes that wait for a client outside of this process.
    pub(crate) const EXTERNAL_LIMIT: usize = 128 * 1024;

    /// A socket that holds at most `limit` outgoing bytes.
    pub(crate) fn new(limit: usize) -> Socket {
        // LDK panics on two equal descriptors, so ids are unique in the process.
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Socket {
            id,
            limit,
            state: Arc::default(),
        }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Puts bytes in the queue past its limit: for the first act of the handshake, which LDK returns.
    pub(crate) fn push(&self, bytes: &[u8]) {
        self.state().outgoing.extend(bytes);
    }

    pub(crate) fn take(&self, max: usize) -> Vec<u8> {
        let mut state = self.state();
        let len = max.min(state.outgoing.len());
        state.outgoing.drain(..len).collect()
    }

    /// Whether LDK was cut short when it last wrote and there is room again. Asking resets it.
    pub(crate) fn wants_to_resume_writing(&self) -> bool {
        let mut state = self.state();
        let has_room = state.outgoing.len() < self.limit;
        has_room && std::mem::take(&mut state.write_blocked)
    }

    /// Whether LDK wants no more input for now, because its answers pile up.
    pub(crate) fn is_read_paused(&self) -> bool {
        self.state().read_paused
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state().closed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SocketDescriptor for Socket {
    fn send_data(&mut self, data: &[u8], continue_read: bool) -> usize {
        let mut state = self.state();
        let room = self.limit.saturating_sub(state.outgoing.len());
        let sent = &data[..room.min(data.len())];
        state.outgoing.extend(sent);
        state.read_paused = !continue_read;
        state.write_blocked |= sent.len() < data.len();
        sent.len()
    }

    fn disconnect_socket(&mut self) {
        self.state().closed = true;
    }
}

impl PartialEq for Socket {
    fn eq(&self, other: &Socket) -> bool {
        self.id == other.id
    }
}

impl Eq for Socket {}

impl Hash for Socket {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.id.hash(hasher);
    }
}
