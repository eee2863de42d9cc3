//! How operators reach a running server.

use std::env;
use std::path::PathBuf;

use clap::Args;

use super::Basics;

/// Where systemd makes a folder for the service.
const RUN: &str = "/run/longhall";

/// How operators reach a running server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Administration")]
pub struct AdminSocket {
    /// The Unix socket by which commands reach the running server; only this user and root
    /// can. Beside the database unless set; with PostgreSQL in $XDG_RUNTIME_DIR/longhall,
    /// or in /run/longhall if there is such a folder.
    ///
    /// Set it where the folder of the database may hold no socket, or for several servers
    /// on one machine and one PostgreSQL.
    #[arg(long, env = "LONGHALL_ADMIN_SOCKET", value_name = "PATH")]
    pub admin_socket: Option<PathBuf>,

    /// Where it is otherwise; without it the server does, if it cannot be there.
    #[arg(skip)]
    pub default_socket: Option<PathBuf>,
}

impl Basics {
    /// Where the admin socket is unless it is set; `None` if there is no good place.
    pub fn default_socket(&self) -> Option<PathBuf> {
        if !self.is_store_shared() {
            let mut name = self.database.as_os_str().to_owned();
            name.push(".sock");
            return Some(name.into());
        }
        let runtime = env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty());
        let folder = match runtime {
            Some(folder) => PathBuf::from(folder).join("longhall"),
            None => PathBuf::from(RUN),
        };
        (folder.is_dir() || folder.parent()?.is_dir() && folder.as_os_str() != RUN)
            .then(|| folder.join("admin.sock"))
    }

    /// Where the socket of systemd's service is: with PostgreSQL, or beside its file.
    pub fn service_sockets() -> [PathBuf; 2] {
        [
            PathBuf::from(RUN).join("admin.sock"),
            PathBuf::from("/var/lib/longhall/longhall.db.sock"),
        ]
    }
}
