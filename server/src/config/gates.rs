//! Who gets an account, and what it costs.

use std::time::Duration;

use clap::builder::{BoolishValueParser, PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, value_parser};
use longhall_packet::{MAX_PROOF_BITS, Registration, RegistrationMode};

use super::{WHILE_RUNNING, at_least_one, seconds};

/// A guest who is away for longer has forgotten the name as well.
const MAX_GUEST_TIME_S: u64 = 90 * 24 * 60 * 60;

/// Who gets an account.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Registration")]
pub struct Gates {
    /// Who may register: open, everybody; invite, who has a code of invites add; approval,
    /// everybody, but they log in only once a moderator has let them in by users approve;
    /// closed, nobody.
    ///
    /// invite for a hall among friends or a test of few, approval where you want to look at
    /// each name, closed while nobody new is to come. Against a raid there is lockdown.
    #[arg(long, env = "LONGHALL_REGISTRATION", value_name = "MODE")]
    #[arg(default_value = "open", value_parser = mode())]
    #[arg(group = WHILE_RUNNING)]
    pub registration: RegistrationMode,

    /// Bits of work that each new account or guest costs the game that asks for it: it
    /// looks for a number, twice as long for each bit. 0: none. At most 22.
    ///
    /// 18 are a quarter of a second of a desktop's core, in a game two seconds or so, 20
    /// four times as much: too little to bother a player, too much to make accounts by the
    /// thousand. Games older than this option cannot register then.
    #[arg(long, env = "LONGHALL_REGISTRATION_PROOF", value_name = "BITS")]
    #[arg(default_value_t = 0)]
    #[arg(value_parser = value_parser!(u32).range(..=i64::from(MAX_PROOF_BITS)))]
    #[arg(group = WHILE_RUNNING)]
    pub registration_proof: u32,

    /// Accounts that may wait for a moderator at a time; of more, nobody registers until
    /// some were let in or declined.
    ///
    /// Fewer keep the list short that somebody has to read.
    #[arg(long, env = "LONGHALL_MAX_WAITING", value_name = "COUNT")]
    #[arg(default_value = "1000", value_parser = at_least_one())]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub max_waiting: usize,

    /// Lets players come in as guests, by a name alone.
    ///
    /// true where a first look shall cost no password. Guests create no channels, invite
    /// nobody, whisper only to who whispered to them, and are slower; what registering
    /// takes, it takes when a guest wants to keep the name.
    #[arg(long, env = "LONGHALL_GUESTS")]
    #[arg(action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    #[arg(group = WHILE_RUNNING)]
    pub guests: bool,

    /// Guests there may be at a time, those included that are away.
    ///
    /// Fewer where guests crowd out the others; each has a name that nobody else gets.
    #[arg(long, env = "LONGHALL_MAX_GUESTS", value_name = "COUNT")]
    #[arg(default_value = "500", value_parser = at_least_one())]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub max_guests: usize,

    /// How long a guest may be away before the name is free again, in seconds. From 60 to
    /// 7776000, ninety days.
    ///
    /// Less where names run out, more where guests come back after a weekend.
    #[arg(long, env = "LONGHALL_GUEST_TIME", value_name = "SECONDS")]
    #[arg(default_value = "86400", value_parser = seconds::<60, MAX_GUEST_TIME_S>())]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub guest_time: Duration,
}

impl Gates {
    /// What clients are told; nothing when everybody may, without work.
    pub(crate) fn announced(&self) -> Option<Registration> {
        let told = Registration {
            mode: self.registration,
            proof_bits: self.registration_proof,
        };
        (told != Registration::default()).then_some(told)
    }
}

fn mode() -> impl TypedValueParser<Value = RegistrationMode> {
    let names = RegistrationMode::ALL.iter().map(|mode| mode.name());
    // The parser takes the names there are, and no others.
    PossibleValuesParser::new(names)
        .map(|name| RegistrationMode::from_name(&name).unwrap_or_default())
}
