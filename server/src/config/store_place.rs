//! Where the store is, for commands that need nothing else of the settings.

use std::path::PathBuf;

use clap::Args;

use super::{Basics, Secret, SecretFileError};
use crate::store::StorePlace;

/// The store that a command is about: the same options as the server's.
#[derive(Args, Clone, Debug)]
pub struct StorePlaceOptions {
    /// The file that keeps accounts, channels and lines
    #[arg(long, env = "LONGHALL_DATABASE", value_name = "FILE")]
    #[arg(default_value = "longhall.db")]
    database: PathBuf,

    /// The PostgreSQL database in place of the file, better given by the variable
    #[arg(long, env = "LONGHALL_STORE", value_name = "URL")]
    #[arg(hide_env_values = true, conflicts_with_all = ["database", "store_file"])]
    store: Option<Secret>,

    /// A file with the address of the PostgreSQL database in its only line
    #[arg(long, env = "LONGHALL_STORE_FILE", value_name = "FILE")]
    #[arg(conflicts_with = "database")]
    store_file: Option<PathBuf>,
}

impl StorePlaceOptions {
    /// The store that the options name.
    ///
    /// # Errors
    /// When the file that is to name it cannot be read.
    pub fn read(&self) -> Result<StorePlace, SecretFileError> {
        let url = Basics::url(self.store.as_ref(), self.store_file.as_deref())?;
        Ok(match url {
            Some(url) => StorePlace::Postgres(url),
            None => StorePlace::File(self.database.clone()),
        })
    }
}
