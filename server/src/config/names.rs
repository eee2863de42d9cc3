//! The operator's lists of names: reserved and banned ones.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use longhall_packet::Filter;

use super::{WHILE_RUNNING, seconds};
use crate::name_list;

/// Which names nobody can have, and who may not come in.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Names")]
pub struct Names {
    /// A text file with user names that nobody can register, nor what looks like
    /// them, one a line; what follows a # is a remark. They come to the lobby's
    /// name and some that are reserved anyway, like admin and server; "!admin"
    /// frees one of those. Accounts there are stay.
    ///
    /// For the names of your team and of your game's own figures. To register such a
    /// name for yourself, do so before it is in the file.
    #[arg(long, env = "LONGHALL_RESERVED_NAMES", value_name = "FILE")]
    #[arg(group = WHILE_RUNNING)]
    pub reserved_names: Option<PathBuf>,

    /// A text file with the user names that may not come in, one a line; what
    /// follows a # is a remark. Looked at every two seconds: whoever is added
    /// is logged out, and told why.
    ///
    /// Name one, also an empty one, to be able to ban without a restart.
    #[arg(long, env = "LONGHALL_BANNED_NAMES", value_name = "FILE")]
    #[arg(group = WHILE_RUNNING)]
    pub banned_names: Option<PathBuf>,

    /// A text file with words that are not to be read, one a line; what follows a # is
    /// a remark. In lines of channels, topics, and texts of presence each of their signs
    /// becomes a *; names of accounts and channels with one in it are taken.
    ///
    /// A word is found in capitals, with look-alikes, marks, repeated letters, and letters
    /// set apart; "word*" means what begins with it as well, "*word*" what holds it. Looked
    /// at every two seconds. Whispers are left alone.
    #[arg(long, env = "LONGHALL_BLOCKED_WORDS", value_name = "FILE")]
    #[arg(group = WHILE_RUNNING)]
    pub blocked_words: Option<PathBuf>,

    /// What becomes of lines with blocked words, where a channel has it no other way: mask
    /// (stars), refuse (denied), flag (said, and the log and a metric tell of it) or off.
    ///
    /// refuse where a star is a challenge; flag to see first what a list would do. In topics
    /// and texts of presence it holds as well.
    #[arg(long, env = "LONGHALL_BLOCKED_WORDS_DEFAULT", value_name = "WHAT")]
    #[arg(default_value_t = Filter::Mask, value_parser = filter)]
    #[arg(group = WHILE_RUNNING)]
    pub blocked_words_default: Filter,

    /// How often the files of banned names and blocked words are looked at, in seconds.
    /// At most 3600.
    ///
    /// Less often where it is on a disk that shall sleep.
    #[arg(long, env = "LONGHALL_BAN_INTERVAL", value_name = "SECONDS")]
    #[arg(default_value = "2", value_parser = seconds::<1, 3600>())]
    #[arg(group = WHILE_RUNNING, hide_short_help = true)]
    pub ban_interval: Duration,

    /// Lines as in the file of reserved names, beside it.
    #[arg(skip)]
    pub reserved: Vec<String>,
}

fn filter(name: &str) -> Result<Filter, String> {
    Filter::from_name(name).ok_or_else(|| "it must be mask, refuse, flag or off".to_owned())
}

impl Names {
    /// Takes over the file of reserved names, if that was not done yet: the server does
    /// so when it starts, the program earlier, before anything is created.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read_reserved(&mut self) -> io::Result<()> {
        // Once: it may be a pipe.
        if let Some(file) = self.reserved_names.take() {
            let text = name_list::read(&file, "reserved-names")?;
            self.reserved.extend(text.lines().map(str::to_owned));
        }
        Ok(())
    }

    /// Whether the files of banned names and blocked words can be read.
    ///
    /// # Errors
    /// When one cannot.
    pub fn check_files(&self) -> io::Result<()> {
        for (file, kind) in [
            (&self.banned_names, "banned-names"),
            (&self.blocked_words, "blocked-words"),
        ] {
            if let Some(file) = file {
                name_list::read(file, kind)?;
            }
        }
        Ok(())
    }
}
