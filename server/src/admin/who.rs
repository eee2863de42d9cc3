//! Users of the system, by their numbers.

use std::{env, fs};

use super::Actor;

/// Who runs this program, by which way they come to a store themselves.
pub fn me() -> Actor {
    let uid = rustix::process::getuid().as_raw();
    actor(uid, on_behalf_of().as_deref(), "store")
}

/// A user of the system, and for whom they say that they act.
pub(super) fn actor(uid: u32, on_behalf_of: Option<&str>, way: &str) -> Actor {
    let name = name_of(uid);
    Actor {
        name: match on_behalf_of {
            Some(other) if *other != name => format!("{other} as {name}"),
            _ => name,
        },
        via: format!("{way}, uid {uid}"),
    }
}

/// Who became root by sudo. Root may say what it likes: it is a hint.
pub(super) fn on_behalf_of() -> Option<String> {
    env::var("SUDO_USER").ok().filter(|name| !name.is_empty())
}

/// The name in the system's file; users of other directories go by their number.
fn name_of(uid: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        (number == uid).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("uid {uid}"))
}
