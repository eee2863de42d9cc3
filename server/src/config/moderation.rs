//! How those who keep order in the game do it.

use std::time::Duration;

use clap::Args;

use super::{WHILE_RUNNING, seconds};

const DAY_S: u64 = 24 * 60 * 60;
/// Longest of a step: a hundred years. Longer is for good.
const LONGEST_STEP_S: u64 = 100 * 365 * DAY_S;

/// How long sanctions last that moderators set in the game.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Moderation")]
pub struct Moderation {
    /// For how many seconds an account is muted when nobody says how long: the first time, the
    /// second, and so on; the last for every further one. 0 is for good.
    ///
    /// Longer where players come once a week.
    #[arg(
        long,
        env = "LONGHALL_MUTE_STEPS",
        value_name = "SECONDS",
        value_delimiter = ','
    )]
    #[arg(default_value = "600,3600,86400,604800", value_parser = step())]
    #[arg(group = WHILE_RUNNING)]
    pub mute_steps: Vec<Duration>,

    /// As the steps of a mute, for bans.
    ///
    /// "0" bans for good at the first time.
    #[arg(
        long,
        env = "LONGHALL_BAN_STEPS",
        value_name = "SECONDS",
        value_delimiter = ','
    )]
    #[arg(default_value = "86400,604800,2592000,0", value_parser = step())]
    #[arg(group = WHILE_RUNNING)]
    pub ban_steps: Vec<Duration>,

    /// For how many days a sanction makes the next one longer. 0 to 3650.
    ///
    /// Shorter for a game whose players are young and learn.
    #[arg(long, env = "LONGHALL_SANCTION_MEMORY", value_name = "DAYS")]
    #[arg(default_value = "90", value_parser = days)]
    #[arg(group = WHILE_RUNNING)]
    pub sanction_memory: Duration,

    /// For how many seconds nobody registers from an address that an account came from which
    /// is banned now, but no longer than the ban. 0 to 2592000.
    ///
    /// 0 where many players share an address, as in a school.
    #[arg(long, env = "LONGHALL_BAN_BARS_REGISTRATION", value_name = "SECONDS")]
    #[arg(default_value = "86400", value_parser = seconds::<0, 2_592_000>())]
    #[arg(group = WHILE_RUNNING)]
    pub ban_bars_registration: Duration,
}

fn step() -> impl clap::builder::TypedValueParser<Value = Duration> {
    seconds::<0, LONGEST_STEP_S>()
}

fn days(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(days @ 0..=3650_u64) => Ok(Duration::from_secs(days * DAY_S)),
        Ok(_) => Err("it must be from 0 to 3650".to_owned()),
        Err(_) => Err("it is no number".to_owned()),
    }
}

/// How long the next sanction lasts after so many before it; `None` for good.
pub(crate) fn next_step(steps: &[Duration], before: usize) -> Option<Duration> {
    let step = steps.get(before).or(steps.last());
    step.copied().filter(|step| !step.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_taken_once_and_the_last_one_stays() {
        let steps = [60, 3600, 0].map(Duration::from_secs);
        let taken: Vec<_> = (0..5).map(|before| next_step(&steps, before)).collect();
        let [minute, hour] = [60, 3600].map(|s| Some(Duration::from_secs(s)));
        assert_eq!(taken, [minute, hour, None, None, None]);
        assert_eq!(next_step(&[], 3), None);
    }
}
