//! What strangers send, fed with anything at all: nothing may panic, hang or grow
//! without bound, and what is taken must mean the same after another trip.
//!
//! Each [`Target`] is a function of bytes. `cargo xtask fuzz` looks for inputs that take
//! new ways through it, with libFuzzer; those worth keeping lie in `corpora/`, and are
//! run by the tests of this crate.

mod admin;
mod connection;
mod decoders;
mod frames;
mod names;
mod proxies;
mod tickets;

use std::path::PathBuf;

/// Something that has to bear every input.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Also the name of its folder in `corpora/`.
    pub name: &'static str,
    /// Panics if the input is not borne.
    pub run: fn(&[u8]),
}

/// All there are.
pub const TARGETS: &[Target] = &[
    Target {
        name: "client-packets",
        run: decoders::client_packets,
    },
    Target {
        name: "server-packets",
        run: decoders::server_packets,
    },
    Target {
        name: "names",
        run: names::names,
    },
    Target {
        name: "frames",
        run: frames::frames,
    },
    Target {
        name: "connection",
        run: connection::connection,
    },
    Target {
        name: "admin",
        run: admin::admin,
    },
    Target {
        name: "proxies",
        run: proxies::proxies,
    },
    Target {
        name: "tickets",
        run: tickets::tickets,
    },
];

impl Target {
    /// The target of that name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// The folder with the inputs that are kept.
    pub fn corpus(&self) -> PathBuf {
        let crate_folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        crate_folder.join("corpora").join(self.name)
    }
}
