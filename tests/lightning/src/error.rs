use std::fmt;

/// Why the network did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The node was killed.
    NodeIsDown,
    /// There is no connection to that peer.
    NotConnected,
    /// No stream of that id is open.
    StreamClosed,
    /// An argument cannot be read; says which.
    Malformed(&'static str),
    /// The node holds no claimable HTLC for that payment hash.
    NothingToSettle,
    /// LDK refused; its own words.
    Lightning(String),
}

impl Error {
    /// A stable name, as the control protocol shows it.
    pub fn code(&self) -> &'static str {
        match self {
            Error::NodeIsDown => "node_is_down",
            Error::NotConnected => "not_connected",
            Error::StreamClosed => "stream_closed",
            Error::Malformed(_) => "malformed",
            Error::NothingToSettle => "nothing_to_settle",
            Error::Lightning(_) => "lightning",
        }
    }

    pub(crate) fn lightning(reason: impl fmt::Debug) -> Error {
        Error::Lightning(format!("{reason:?}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NodeIsDown => f.write_str("the node was killed"),
            Error::NotConnected => f.write_str("not connected to that peer"),
            Error::StreamClosed => f.write_str("the stream is closed"),
            Error::Malformed(what) => write!(f, "cannot read {what}"),
            Error::NothingToSettle => f.write_str("no claimable HTLC has that payment hash"),
            Error::Lightning(reason) => write!(f, "refused: {reason}"),
        }
    }
}

impl std::error::Error for Error {}
