//! A client of the test server, over either of its control transports.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{json, Value};
use tungstenite::{Message, WebSocket};

/// No answer takes this long, so a test that waits in vain fails instead of hanging.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Client {
    wire: Wire,
    events: VecDeque<Value>,
    next_id: u64,
}

enum Wire {
    Tcp(BufReader<TcpStream>),
    WebSocket(Box<WebSocket<TcpStream>>),
}

impl Client {
    pub fn over_tcp(greeting: &Value) -> Client {
        let socket = tcp(greeting["control"]["tcp"].as_str().unwrap());
        Client::new(Wire::Tcp(BufReader::new(socket)))
    }

    pub fn over_web_socket(greeting: &Value) -> Client {
        let socket = web_socket(greeting["control"]["ws"].as_str().unwrap());
        Client::new(Wire::WebSocket(Box::new(socket)))
    }

    fn new(wire: Wire) -> Client {
        Client {
            wire,
            events: VecDeque::new(),
            next_id: 1,
        }
    }

    /// The result of a call that succeeds.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The error code of a call that fails.
    pub fn refused(&mut self, method: &str, params: Value) -> String {
        let answer = self.ask(method, params);
        assert!(answer.get("result").is_none(), "{method}: {answer}");
        answer["error"]["code"].as_str().unwrap().to_owned()
    }

    /// The next event of that kind; others wait for their turn.
    pub fn event(&mut self, kind: &str) -> Value {
        loop {
            if let Some(index) = self.events.iter().position(|event| event["event"] == kind) {
                return self.events.remove(index).unwrap();
            }
            let event = self.receive();
            self.events.push_back(event);
        }
    }

    pub fn send_raw(&mut self, text: &str) {
        match &mut self.wire {
            Wire::Tcp(socket) => socket
                .get_mut()
                .write_all(format!("{text}\n").as_bytes())
                .unwrap(),
            Wire::WebSocket(socket) => socket.send(Message::text(text)).unwrap(),
        }
    }

    pub fn receive(&mut self) -> Value {
        let text = match &mut self.wire {
            Wire::Tcp(socket) => {
                let mut line = String::new();
                socket.read_line(&mut line).unwrap();
                line
            }
            Wire::WebSocket(socket) => socket.read().unwrap().to_text().unwrap().to_owned(),
        };
        serde_json::from_str(&text).unwrap()
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        self.send_raw(&json!({ "id": id, "method": method, "params": params }).to_string());
        loop {
            let received = self.receive();
            if received.get("event").is_none() {
                assert_eq!(received["id"], id);
                return received;
            }
            self.events.push_back(received);
        }
    }
}

pub fn tcp(address: &str) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

pub fn web_socket(url: &str) -> WebSocket<TcpStream> {
    let socket = tcp(url.strip_prefix("ws://").unwrap());
    tungstenite::client(url, socket).unwrap().0
}
