use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use mio::net::TcpStream;
use tungstenite::handshake::server::NoCallback;
use tungstenite::handshake::MidHandshake;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{HandshakeError, Message, ServerHandshake, WebSocket};

/// How bytes travel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Tcp,
    WebSocket,
}

impl Transport {
    pub(super) fn wrap(self, socket: TcpStream) -> Wire {
        match self {
            Transport::Tcp => Wire::Tcp {
                socket,
                outgoing: VecDeque::new(),
            },
            Transport::WebSocket => Wire::WebSocket(Box::new(WebSocketWire {
                stage: Stage::Fresh(socket),
                outgoing: VecDeque::new(),
                outgoing_len: 0,
            })),
        }
    }
}

/// A connection to a client. An error means that it is over, whatever the error.
pub(super) enum Wire {
    Tcp {
        socket: TcpStream,
        outgoing: VecDeque<u8>,
    },
    WebSocket(Box<WebSocketWire>),
}

/// The most bytes in a message or a line of a client.
pub(super) const MAX_MESSAGE: usize = 256 * 1024;

impl Wire {
    /// The next bytes (TCP) or message (WebSocket), if there are any by now.
    pub(super) fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        match self {
            Wire::Tcp { socket, .. } => {
                let mut buffer = vec![0; 16 * 1024];
                match unless_blocked(socket.read(&mut buffer))? {
                    Some(0) => Err(ErrorKind::UnexpectedEof.into()),
                    Some(len) => {
                        buffer.truncate(len);
                        Ok(Some(buffer))
                    }
                    None => Ok(None),
                }
            }
            Wire::WebSocket(wire) => wire.read(),
        }
    }

    /// Queues bytes, or a text message where the wire has messages.
    pub(super) fn send_text(&mut self, text: &str) {
        match self {
            Wire::Tcp { outgoing, .. } => {
                outgoing.extend(text.as_bytes());
                outgoing.push_back(b'\n');
            }
            Wire::WebSocket(wire) => wire.send(Message::text(text)),
        }
    }

    /// Queues bytes, as a binary message where the wire has messages.
    pub(super) fn send_bytes(&mut self, bytes: Vec<u8>) {
        match self {
            Wire::Tcp { outgoing, .. } => outgoing.extend(bytes),
            Wire::WebSocket(wire) => wire.send(Message::binary(bytes)),
        }
    }

    /// How much is queued.
    pub(super) fn backlog(&self) -> usize {
        match self {
            Wire::Tcp { outgoing, .. } => outgoing.len(),
            Wire::WebSocket(wire) => wire.outgoing_len,
        }
    }

    /// Writes what the socket takes by now.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Wire::Tcp { socket, outgoing } => {
                while !outgoing.is_empty() {
                    match unless_blocked(socket.write(outgoing.as_slices().0))? {
                        Some(len) => drop(outgoing.drain(..len)),
                        None => break,
                    }
                }
                Ok(())
            }
            Wire::WebSocket(wire) => wire.flush(),
        }
    }

    /// Whether each read gives a whole message.
    pub(super) fn has_messages(&self) -> bool {
        matches!(self, Wire::WebSocket(_))
    }

    /// Whether the client has still to finish the WebSocket handshake.
    pub(super) fn is_in_handshake(&self) -> bool {
        matches!(self, Wire::WebSocket(wire) if !matches!(wire.stage, Stage::Open(_)))
    }
}

pub(super) struct WebSocketWire {
    stage: Stage,
    outgoing: VecDeque<Message>,
    outgoing_len: usize,
}

enum Stage {
    Fresh(TcpStream),
    Handshake(MidHandshake<ServerHandshake<TcpStream, NoCallback>>),
    Open(WebSocket<TcpStream>),
    Over,
}

impl WebSocketWire {
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(socket) = self.open()? else {
            return Ok(None);
        };
        loop {
            match unless_ws_blocked(socket.read())? {
                Some(Message::Text(text)) => return Ok(Some(text.as_bytes().to_vec())),
                Some(Message::Binary(bytes)) => return Ok(Some(bytes.to_vec())),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    fn send(&mut self, message: Message) {
        self.outgoing_len = self.outgoing_len.saturating_add(message.len());
        self.outgoing.push_back(message);
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.open()?.is_none() {
            return Ok(());
        }
        let Stage::Open(socket) = &mut self.stage else {
            return Ok(());
        };
        while unless_ws_blocked(socket.flush())?.is_some() {
            let Some(message) = self.outgoing.pop_front() else {
                break;
            };
            self.outgoing_len = self.outgoing_len.saturating_sub(message.len());
            // Tungstenite keeps what it could not write, and the next flush goes on with it.
            unless_ws_blocked(socket.write(message))?;
        }
        Ok(())
    }

    /// The WebSocket, once the handshake is done.
    fn open(&mut self) -> io::Result<Option<&mut WebSocket<TcpStream>>> {
        let result = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Fresh(socket) => tungstenite::accept_with_config(socket, Some(config())),
            Stage::Handshake(handshake) => handshake.handshake(),
            Stage::Open(socket) => Ok(socket),
            Stage::Over => return Err(ErrorKind::NotConnected.into()),
        };
        match result {
            Ok(socket) => self.stage = Stage::Open(socket),
            Err(HandshakeError::Interrupted(handshake)) => self.stage = Stage::Handshake(handshake),
            Err(HandshakeError::Failure(error)) => return Err(io::Error::other(error)),
        }
        match &mut self.stage {
            Stage::Open(socket) => Ok(Some(socket)),
            _ => Ok(None),
        }
    }
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
}

fn unless_blocked<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(None),
        Err(error) => Err(error),
    }
}

fn unless_ws_blocked<T>(result: tungstenite::Result<T>) -> io::Result<Option<T>> {
    unless_blocked(result.map_err(|error| match error {
        tungstenite::Error::Io(error) => error,
        other => io::Error::other(other),
    }))
}
