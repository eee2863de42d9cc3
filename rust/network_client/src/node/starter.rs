//! A game that the dock of the editor plays ends with the editor, however that ends.

use std::time::Duration;

use super::{is_debug, login_file};

/// Behind `--` on the command line, ahead of the id of the process that has started the game.
const ARGUMENT: &str = "--longhall-starter=";

const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The process that has started this game, in a debug build that was told of it.
pub(super) struct Starter {
    id: u32,
    looked_at: Duration,
}

impl Starter {
    /// As the command line tells; `None` for all other games.
    pub(super) fn of_command_line() -> Option<Self> {
        let told = login_file::user_argument(ARGUMENT).filter(|_| is_debug())?;
        Some(Self {
            id: told.parse().ok()?,
            looked_at: Duration::ZERO,
        })
    }

    /// Whether it has ended. Looks twice a second at most.
    pub(super) fn has_ended(&mut self, now: Duration) -> bool {
        if now.saturating_sub(self.looked_at) < LOOK_EVERY {
            return false;
        }
        self.looked_at = now;
        has_another_parent(self.id)
    }
}

/// Whether somebody else looks after this process, as for one whose parent has ended. The id
/// alone would not do: it may be another's by now.
#[cfg(unix)]
fn has_another_parent(id: u32) -> bool {
    std::os::unix::process::parent_id() != id
}

/// On Windows a process keeps the parent that it had, so nothing can be told.
#[cfg(not(unix))]
fn has_another_parent(_id: u32) -> bool {
    false
}
