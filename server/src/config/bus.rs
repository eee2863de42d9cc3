//! Where the bus is: an option for the program, as a library user passes a bus.

use std::io;
use std::path::PathBuf;

use clap::Args;

use super::Secret;
use crate::bus::BusUrl;

/// How several servers find each other.
#[derive(Args, Clone, Debug)]
pub struct Bus {
    /// Where NATS is, over which several servers on one PostgreSQL tell each other what is
    /// said: nats://HOST:4222, or tls:// with name:password@ before the host. Several
    /// addresses of one NATS cluster have commas between them.
    ///
    /// For more players than one machine serves, or so that none has to be there. Everybody on
    /// the machine sees the command line: where there is a password, use the variable
    /// or the file.
    #[arg(long, env = "LONGHALL_BUS", value_name = "URL")]
    #[arg(hide_env_values = true, conflicts_with = "bus_file")]
    pub bus: Option<Secret>,

    /// A file with the address of NATS, in place of --bus.
    ///
    /// For a password that neither the command line nor the environment shall have.
    #[arg(long, env = "LONGHALL_BUS_FILE", value_name = "FILE")]
    pub bus_file: Option<PathBuf>,
}

impl Bus {
    /// The option that names the bus, if one does.
    pub fn option(&self) -> &'static str {
        match self.bus_file {
            Some(_) => "--bus-file",
            None => "--bus",
        }
    }

    /// The address, if there is to be a bus.
    ///
    /// # Errors
    /// When the file cannot be read or the text is no address. The error does not show it.
    pub fn read(&self) -> io::Result<Option<BusUrl>> {
        let url = match (&self.bus, &self.bus_file) {
            (None, None) => return Ok(None),
            (Some(url), _) => url.clone(),
            (None, Some(path)) => Secret::read(self.option(), path).map_err(io::Error::other)?,
        };
        let told = |cause| io::Error::other(format!("{}: {cause}", self.option()));
        BusUrl::parse(url.expose()).map(Some).map_err(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bus: Option<&str>, bus_file: Option<PathBuf>) -> io::Result<Option<BusUrl>> {
        let bus = bus.map(|text| text.parse().unwrap());
        let place = Bus { bus, bus_file };
        assert!(!format!("{place:?}").contains("secret"));
        place.read()
    }

    #[test]
    fn an_address_comes_from_the_option_or_a_file_and_is_never_shown() {
        assert!(read(None, None).unwrap().is_none());
        let url = read(Some("nats://hall:secret@a"), None).unwrap().unwrap();
        assert_eq!(url.to_string(), "a:4222");
        let told = read(Some("nats://hall:secret@"), None).unwrap_err();
        assert!(told.to_string().starts_with("--bus: "), "{told}");
        assert!(!told.to_string().contains("secret"), "{told}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bus");
        std::fs::write(&file, "nats://hall:secret@b\n").unwrap();
        let url = read(None, Some(file.clone())).unwrap().unwrap();
        assert_eq!(url.to_string(), "b:4222");
        std::fs::write(&file, "secret").unwrap();
        let told = read(None, Some(file)).unwrap_err().to_string();
        assert!(told.starts_with("--bus-file: "), "{told}");
        assert!(!told.contains("secret"), "{told}");
    }
}
