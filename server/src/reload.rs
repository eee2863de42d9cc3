//! SIGHUP: the settings are read again, and what may change while the server runs is
//! taken over.

use std::ffi::OsString;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::{env, io, thread};

use clap::{ArgMatches, CommandFactory};
use longhall_server::{Settings, service_manager};
use tracing::{info, warn};

use crate::Args;
use crate::settings_file::{self, Keys, unsound};
use crate::variables::{self, Given, Refused};

/// What is needed to read the settings again.
struct Reload {
    keys: Keys,
    arguments: Vec<OsString>,
    /// What the server goes by.
    running: ArgMatches,
    settings: Settings,
}

/// Starts a thread that reads the settings again each time it is asked to, so that nobody
/// waits for a slow disk. `running` is what the server was started with.
///
/// # Errors
/// When the system has no thread for it.
pub(crate) fn on_request(
    running: ArgMatches,
    settings: Settings,
) -> io::Result<impl Fn() + Send + 'static> {
    let (ask, asked): (SyncSender<()>, _) = sync_channel(1);
    let mut reload = Reload {
        keys: Keys::of(&Args::command()),
        arguments: env::args_os().collect(),
        running,
        settings,
    };
    let thread = thread::Builder::new().name("settings".to_owned());
    thread.spawn(move || {
        while asked.recv().is_ok() {
            service_manager::reload(|| match reload.read_again() {
                Ok(()) => {}
                Err(wrong) => warn!("nothing is changed, as the settings are wrong: {wrong}"),
            });
        }
    })?;
    Ok(move || match ask.try_send(()) {
        // One that waits already reads what is there by then.
        Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
    })
}

impl Reload {
    /// Takes over what may change, and says so in one line.
    fn read_again(&mut self) -> Result<(), String> {
        let read = variables::parse_from::<Args>(&self.arguments);
        let mut given: Given<Args> = read.map_err(|refused| match refused {
            Refused::Options(error) => variables::in_one_line(&error),
            Refused::File(broken) => broken.to_string(),
        })?;
        let found = unsound(&given.options.basics, &mut given.options.config);
        if !found.is_empty() {
            let named = found.iter().map(|text| given.origins.name_in(text));
            return Err(named.collect::<Vec<_>>().join("; "));
        }
        let (mut mixed, running): (Args, _) =
            variables::mix(&self.keys, &self.running, &given.matches)
                .map_err(|error| variables::in_one_line(&error))?;
        let names = &mut mixed.config.names;
        names.read_reserved().map_err(|error| error.to_string())?;

        let mut taken = self.differing(&given.matches, true);
        if names.reserved != self.settings.now().names.reserved
            && !taken.contains(&"reserved-names")
        {
            taken.push("reserved-names");
        }
        let taken = list(&taken);
        let waiting_for_a_restart = list(&self.differing(&given.matches, false));
        let advice = settings_file::advice(&mixed.config);
        self.settings.set(mixed.config);
        self.running = running;
        info!(taken, waiting_for_a_restart, "read the settings again");
        for advice in given.advice.into_iter().chain(advice) {
            warn!("{}", given.origins.name_in(&advice));
        }
        Ok(())
    }

    /// The settings that are others now: those that are taken over while the server runs,
    /// or those that are not.
    fn differing(&self, now: &ArgMatches, is_live: bool) -> Vec<&str> {
        let keys = self.keys.iter().filter(|key| key.is_live == is_live);
        keys.filter(|key| {
            let values = |matches: &ArgMatches| -> Vec<OsString> {
                let raw = matches.get_raw(key.id()).into_iter().flatten();
                raw.map(OsString::from).collect()
            };
            values(&self.running) != values(now)
        })
        .map(|key| key.name.as_str())
        .collect()
    }
}

fn list(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        names => names.join(", "),
    }
}
