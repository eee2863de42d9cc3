//! Why a run did not come to its end, and what the operator can do about it.

use std::path::PathBuf;

use longhall_packet::{CloseReason, DenyCode};

/// Why a run did not come to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SwarmError {
    /// The URL is none that can be dialled.
    #[error("{url} is no address of a server: {why}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The certificates to trust cannot be read.
    #[error("no certificates in {0}")]
    Roots(String),
    /// Nobody listens there, or this machine is out of ports or files.
    #[error("cannot connect to {address}: {cause}{}", dial_advice(cause))]
    Dial {
        /// Where to.
        address: String,
        /// Why not.
        cause: std::io::Error,
    },
    /// The connection ended during the handshake.
    #[error(
        "the server hung up during the handshake; is it a Longhall server, and were \
         --max-connections and --connections-per-address raised?"
    )]
    HungUp,
    /// What answers is no Longhall server.
    #[error("what answers is no Longhall server: {0}")]
    NotLonghall(String),
    /// The server refused something.
    #[error("the server refused to {doing}: {} ({code}){}", code.reason(), deny_advice(doing, *code))]
    Denied {
        /// What was asked for: `"register"`.
        doing: &'static str,
        /// Why.
        code: DenyCode,
    },
    /// The server closed a connection and said why.
    #[error("the server closed a connection: {} ({}){}", reason.sentence(), reason.name(), close_advice(*reason))]
    Closed {
        /// Why.
        reason: CloseReason,
    },
    /// A connection ended without a word.
    #[error("a connection was lost while {doing}; is the server still running?")]
    Lost {
        /// What went on: `"logging in"`.
        doing: &'static str,
    },
    /// An answer did not come.
    #[error("the server did not answer in time while {doing}")]
    NoAnswer {
        /// What went on.
        doing: &'static str,
    },
    /// The server sent what no server sends.
    #[error("the server broke the protocol: {0}")]
    Broken(String),
    /// Somebody wanted it to end.
    #[error("interrupted")]
    Interrupted,
    /// The plan asks for more than there is.
    #[error("{0}")]
    Plan(String),
    /// The file of accounts cannot be used.
    #[error("cannot use {}: {why}", path.display())]
    Accounts {
        /// Which file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The system does not tell about the server's process.
    #[error("cannot measure process {pid}: {why}")]
    Process {
        /// Which.
        pid: u32,
        /// Why not.
        why: String,
    },
    /// The system refused something.
    #[error("{doing}: {cause}")]
    System {
        /// What was tried.
        doing: &'static str,
        /// Why not.
        cause: std::io::Error,
    },
}

impl SwarmError {
    /// Whether a connection ended, or there is none to be had, in a way that coming
    /// back may help.
    pub(crate) fn is_cut(&self) -> bool {
        match self {
            Self::Dial { .. } | Self::HungUp | Self::Lost { .. } => true,
            Self::Closed { reason } => reason.may_retry(),
            Self::Denied { code, .. } => *code == DenyCode::Restarting,
            _ => false,
        }
    }
}

fn dial_advice(cause: &std::io::Error) -> &'static str {
    match cause.kind() {
        std::io::ErrorKind::ConnectionRefused => "; is the server running?",
        std::io::ErrorKind::AddrNotAvailable => {
            "; this machine is out of ports, take fewer players or several machines"
        }
        _ if is_out_of_files(cause) => "; raise this machine's limit on open files (ulimit -n)",
        _ => "",
    }
}

#[cfg(unix)]
fn is_out_of_files(cause: &std::io::Error) -> bool {
    use rustix::io::Errno;
    let errno = cause.raw_os_error();
    errno == Some(Errno::MFILE.raw_os_error()) || errno == Some(Errno::NFILE.raw_os_error())
}

#[cfg(not(unix))]
fn is_out_of_files(_: &std::io::Error) -> bool {
    false
}

fn deny_advice(doing: &str, code: DenyCode) -> &'static str {
    match (code, doing) {
        (DenyCode::RateLimited, "register") => {
            "; start it with --registrations-per-hour 1000000, or use the accounts of an earlier run (--accounts)"
        }
        (DenyCode::RateLimited, "log in") => "; start it with --logins-per-minute 1000000",
        (DenyCode::RateLimited, _) => {
            "; start it with --packets-per-second 1000000, or lower --rate"
        }
        (DenyCode::ChannelFull, _) => "; start it with a greater --members-per-channel",
        (DenyCode::TooManyChannels, _) => "; start it with a greater --channels-per-account",
        _ => "",
    }
}

fn close_advice(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::TooManyConnections => {
            "; start it with greater --connections-per-address and --max-connections"
        }
        CloseReason::Flooding => "; start it with --packets-per-second 1000000, or lower --rate",
        CloseReason::TooSlow => "; this machine cannot read as fast as the server writes",
        CloseReason::LoggedInElsewhere => "; another swarm uses the same accounts",
        _ => "",
    }
}
