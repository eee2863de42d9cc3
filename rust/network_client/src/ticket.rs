//! Tickets, as a game's own server checks them.

use std::sync::{Mutex, PoisonError};

use godot::classes::Time;
use godot::prelude::*;
use longhall_ticket::{Claims, Fault, Keys, Used, check};

use crate::convert::int;

/// Tickets that a process remembers until they end: a thousand joins in a second, for as long as
/// a ticket is good.
const MOST_REMEMBERED: usize = 100_000;

/// Those that were used in this process, whatever node or scene checked them.
static USED: Mutex<Option<Used>> = Mutex::new(None);

/// Who a player is, as a game's own server finds out.
///
/// The player's game asks Longhall for a ticket, by [method NetworkClient.request_ticket], and
/// shows it to your server when it joins. Your server has it checked by [method verify] with
/// Longhall's public keys, and knows the account without asking anybody: no player can make one
/// up, use one twice, or use one that was meant for another server.
///
/// ```gdscript
/// # On your server, in SceneMultiplayer.auth_callback:
/// var ticket := LonghallTicket.verify_bytes(data, keys, "arena:eu-1")
/// if ticket.valid:
///     print("%s (account %s) joins" % [ticket.username, ticket.account_id])
/// else:
///     print("refused: ", ticket.code)
/// ```
///
/// The scenes in `examples/tickets` of the project are a whole server and a whole client.
#[derive(GodotClass)]
#[class(base = RefCounted, no_init)]
pub struct LonghallTicket {
    base: Base<RefCounted>,

    /// Whether the player is who the ticket says. If not, all but [member code] and
    /// [member reason] is empty. Read-only, as all properties here.
    #[var(no_set)]
    valid: bool,

    /// Why the ticket is no good, as a stable code; empty when [member valid]:
    ///
    /// - `malformed_ticket`: it is none.
    /// - `forged`: its signature is wrong, or made by another algorithm.
    /// - `unknown_key`: it is signed with a key that is not among the given ones. Fetch the keys
    ///   again, and check it once more.
    /// - `expired`: its time is over.
    /// - `not_yet_valid`: it is from the future; the clock of this machine is wrong.
    /// - `wrong_audience`: it is for another server.
    /// - `used`: it was used in this process before.
    /// - `too_many_tickets`: so many were used in the last minutes that no more can be remembered.
    #[var(no_set)]
    code: GString,

    /// The same as an English sentence without a full stop, for your log.
    #[var(no_set)]
    reason: GString,

    /// The account's number, as text. It stays when the player takes another name: keep what
    /// belongs to a player under it.
    #[var(no_set)]
    account_id: GString,

    /// The account's name.
    #[var(no_set)]
    username: GString,

    /// What the account may do on the whole Longhall server: `player`, `moderator` or `admin`.
    #[var(no_set)]
    role: GString,

    /// Whether it is a guest, or an account that waits to be let in: nobody knows them by a
    /// password.
    #[var(no_set)]
    guest: bool,

    /// Names this one ticket.
    #[var(no_set)]
    id: GString,

    /// From when on the ticket is good no more, in seconds since 1970, as
    /// [method Time.get_unix_time_from_system] counts. The player may stay for longer.
    #[var(no_set)]
    expires_at: i64,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "Godot passes its strings by value"
)]
#[godot_api]
impl LonghallTicket {
    /// Checks a ticket, and uses it up: the same one is refused from then on, by the whole
    /// process. Never [code]null[/code], whatever a stranger sends.
    ///
    /// `keys` are the server's public keys as a JWK Set, from its address for games' servers or
    /// from [code]longhall-server tickets keys[/code]. `audience` is the name that your server goes
    /// by, the same that the player's game gave to [method NetworkClient.request_ticket]; give each
    /// server, or each match, a name of its own. Clocks may differ by ten seconds.
    ///
    /// A process that starts anew does not know what was used before: for a ticket's minute, one
    /// could be used again. A random number in the audience, made when the server starts, keeps
    /// that from happening.
    #[func]
    pub fn verify(token: GString, keys: GString, audience: GString) -> Gd<LonghallTicket> {
        Self::checked(&token.to_string(), &keys, &audience)
    }

    /// As [method verify], for what a peer has sent, which may be anything. It is the one to use in
    /// [member SceneMultiplayer.auth_callback].
    #[func]
    pub fn verify_bytes(
        data: PackedByteArray,
        keys: GString,
        audience: GString,
    ) -> Gd<LonghallTicket> {
        // What is no text is no ticket either.
        let token = str::from_utf8(data.as_slice()).unwrap_or_default();
        Self::checked(token, &keys, &audience)
    }
}

impl LonghallTicket {
    fn checked(token: &str, keys: &GString, audience: &GString) -> Gd<Self> {
        let now_s = Time::singleton().get_unix_time_from_system() as u64;
        let audience = audience.to_string();
        // Keys that cannot be read know no ticket: whoever fetches them tries again.
        let keys = Keys::parse(&keys.to_string()).unwrap_or_default();
        Self::of(check(token, &keys, &audience, now_s).and_then(|claims| {
            let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
            let used = used.get_or_insert_with(|| Used::at_most(MOST_REMEMBERED));
            used.take(&claims, now_s)?;
            Ok(claims)
        }))
    }

    fn of(checked: Result<Claims, Fault>) -> Gd<Self> {
        Gd::from_init_fn(|base| match checked {
            Ok(claims) => Self {
                base,
                valid: true,
                code: GString::new(),
                reason: GString::new(),
                account_id: (&claims.sub).into(),
                username: (&claims.name).into(),
                role: (&claims.role).into(),
                guest: claims.guest,
                id: (&claims.jti).into(),
                expires_at: int(claims.exp),
            },
            Err(fault) => Self {
                base,
                valid: false,
                code: fault.name().into(),
                reason: fault.reason().into(),
                account_id: GString::new(),
                username: GString::new(),
                role: GString::new(),
                guest: false,
                id: GString::new(),
                expires_at: 0,
            },
        })
    }
}
