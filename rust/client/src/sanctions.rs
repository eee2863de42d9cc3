//! Which sanctions the player was told of, so that each is told once.

use longhall_packet::{Sanction, SanctionKind};

/// Most sanctions that are remembered; the oldest is forgotten first, and would be told again.
const MAX_REMEMBERED: usize = 64;

/// The sanctions that stand while the player is logged in, as they were told.
///
/// Every refusal brings the sanction it is for, and a muted player may try again and again.
#[derive(Debug, Default)]
pub(crate) struct ToldSanctions(Vec<Sanction>);

impl ToldSanctions {
    /// Whether the player is to be told of it: not of a mute, or of a ban in a channel, that
    /// they were told of as it is. A kick is over at once, so each is a new one; and of a ban
    /// from the server every try at a login tells.
    pub(crate) fn is_news(&mut self, sanction: &Sanction) -> bool {
        let stands = match sanction.sanction {
            SanctionKind::Mute => true,
            SanctionKind::Ban => sanction.channel.is_some(),
            SanctionKind::Kick => false,
        };
        if !stands {
            return true;
        }
        if self.0.contains(sanction) {
            return false;
        }
        self.lifted(sanction.sanction, sanction.channel.as_deref());
        if self.0.len() >= MAX_REMEMBERED {
            self.0.remove(0);
        }
        self.0.push(sanction.clone());
        true
    }

    /// It holds no longer: the same once more is news.
    pub(crate) fn lifted(&mut self, kind: SanctionKind, channel: Option<&str>) {
        self.0
            .retain(|told| told.sanction != kind || told.channel.as_deref() != channel);
    }

    /// At a login the server names the `mutes` that stand; of anything else nobody knows
    /// whether it was lifted meanwhile.
    pub(crate) fn keep(&mut self, mutes: &[Sanction]) {
        self.0.retain(|told| mutes.contains(told));
    }
}
