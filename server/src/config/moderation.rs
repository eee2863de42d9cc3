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
    /// For how long an account is muted when nobody says how long, as in 10m,1h,1d: the first
    /// time, the second, and so on; the last for every further one. 0s is for good.
    ///
    /// Longer where players come once a week.
    #[arg(long, env = "LONGHALL_MUTE_STEPS", value_name = "TIMES")]
    #[arg(default_value = "10m,1h,1d,7d", value_parser = steps)]
    #[arg(group = WHILE_RUNNING)]
    pub mute_steps: Steps,

    /// As the steps of a mute, for bans.
    ///
    /// "0s" bans for good at the first time.
    #[arg(long, env = "LONGHALL_BAN_STEPS", value_name = "TIMES")]
    #[arg(default_value = "1d,7d,30d,0s", value_parser = steps)]
    #[arg(group = WHILE_RUNNING)]
    pub ban_steps: Steps,

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

/// How long sanctions last, one after the other; zero is for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps(pub Vec<Duration>);

fn steps(text: &str) -> Result<Steps, String> {
    let step = |part: &str| match humantime::parse_duration(part.trim()) {
        Ok(step) if step.as_secs() <= LONGEST_STEP_S => Ok(step),
        Ok(_) => Err("for so long is for good: 0s".to_owned()),
        Err(cause) => Err(format!("{:?}: {cause}", part.trim())),
    };
    text.split(',')
        .map(step)
        .collect::<Result<_, _>>()
        .map(Steps)
}

fn days(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(days @ 0..=3650_u64) => Ok(Duration::from_secs(days * DAY_S)),
        Ok(_) => Err("it must be from 0 to 3650".to_owned()),
        Err(_) => Err("it is no number".to_owned()),
    }
}

/// How long the next sanction lasts after so many before it; `None` for good.
pub(crate) fn next_step(Steps(steps): &Steps, before: usize) -> Option<Duration> {
    let step = steps.get(before).or(steps.last());
    step.copied().filter(|step| !step.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_taken_once_and_the_last_one_stays() {
        let steps = steps("1m, 1h,0s").unwrap();
        let taken: Vec<_> = (0..5).map(|before| next_step(&steps, before)).collect();
        let [minute, hour] = [60, 3600].map(|s| Some(Duration::from_secs(s)));
        assert_eq!(taken, [minute, hour, None, None, None]);
        for wrong in ["", "1m,", "soon", "200y"] {
            assert!(super::steps(wrong).is_err(), "{wrong}");
        }
    }
}
