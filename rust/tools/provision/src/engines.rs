//! PostgreSQL and NATS, with which several servers are one: the machine's own, or Debian's.
//!
//! Debian's are unpacked below `target/`. Nothing here starts them; `longhall-engines` does.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::debian::{Dependencies, Recipe};
use crate::process;

/// The oldest PostgreSQL that will do.
const OLDEST_POSTGRES: u32 = 15;

/// As Debian 12 has it: it runs on that C library and every later one, so it takes the
/// machine's own.
const POSTGRES: Recipe<'_> = Recipe {
    name: "postgres",
    suites: &["bookworm"],
    security: false,
    architecture: "amd64",
    packages: &[
        "postgresql-15",
        "postgresql-client-15",
        // What these two load, and no more: theirs are also Perl and a compiler.
        "libaudit1",
        "libcap-ng0",
        "libcap2",
        "libcom-err2",
        "libffi8",
        "libgcc-s1",
        "libgcrypt20",
        "libgmp10",
        "libgnutls30",
        "libgpg-error0",
        "libgssapi-krb5-2",
        "libhogweed6",
        "libicu72",
        "libidn2-0",
        "libk5crypto3",
        "libkeyutils1",
        "libkrb5-3",
        "libkrb5support0",
        "libldap-2.5-0",
        "liblz4-1",
        "liblzma5",
        "libnettle8",
        "libp11-kit0",
        "libpam0g",
        "libpq5",
        "libreadline8",
        "libsasl2-2",
        "libssl3",
        "libstdc++6",
        "libsystemd0",
        "libtasn1-6",
        "libtinfo6",
        "libunistring2",
        "libxml2",
        "libzstd1",
        "zlib1g",
    ],
    dependencies: Dependencies::None,
    revision: 1,
    finish: drop_unused,
};

/// The program needs nothing but a C library.
const NATS: Recipe<'_> = Recipe {
    name: "nats-server",
    suites: &["bookworm"],
    security: false,
    architecture: "amd64",
    packages: &["nats-server"],
    dependencies: Dependencies::None,
    revision: 1,
    finish: drop_unused,
};

/// Where Debian's packages have the programs.
const POSTGRES_PROGRAMS: &str = "usr/lib/postgresql/15/bin";
const NATS_PROGRAM: &str = "usr/sbin/nats-server";
/// Where they have libraries.
const LIBRARIES: [&str; 2] = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];

/// A program of others that servers need to work together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The database that servers share. It is found as the folder with its programs.
    Postgres,
    /// The bus between them. It is found as its program.
    Nats,
}

impl Engine {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Postgres, Self::Nats];

    /// What messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Nats => "NATS",
        }
    }

    /// The variable that says where it is.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "LONGHALL_POSTGRES_BIN",
            Self::Nats => "LONGHALL_NATS_SERVER",
        }
    }

    /// Where it is: as its variable says, else the machine's own, else the one that is
    /// unpacked below `target`. Fetches nothing.
    ///
    /// # Errors
    /// If it is nowhere, or not where the variable says.
    pub fn find(self, target: &Path) -> Result<PathBuf> {
        let unpacked = || {
            let path = self.below(&target.join(self.recipe().name).join("root"));
            self.is_at(&path).then_some(path)
        };
        self.named()?
            .or_else(|| self.installed())
            .or_else(unpacked)
            .with_context(|| {
                format!(
                    "{} is not on this machine: run `cargo xtask engines` first",
                    self.name()
                )
            })
    }

    /// As [`find`](Self::find), but fetches Debian's if it is nowhere.
    ///
    /// # Errors
    /// If it is not where the variable says, or cannot be fetched.
    pub fn find_or_fetch(self) -> Result<PathBuf> {
        match self.named()?.or_else(|| self.installed()) {
            Some(path) => Ok(path),
            None => self.fetch(),
        }
    }

    /// The one that its variable names.
    fn named(self) -> Result<Option<PathBuf>> {
        let path = env::var_os(self.variable()).filter(|path| !path.is_empty());
        let path = path.map(PathBuf::from);
        match path {
            Some(path) if !self.is_at(&path) => bail!(
                "{} is set to {}, where {} is not",
                self.variable(),
                path.display(),
                self.name()
            ),
            path => Ok(path),
        }
    }

    /// The machine's own: for PostgreSQL, the newest that is new enough.
    fn installed(self) -> Option<PathBuf> {
        match self {
            Self::Postgres => debians_postgres(Path::new("/usr/lib/postgresql")).or_else(|| {
                let program = process::find_on_path("postgres")?;
                let version =
                    process::output("postgres", Command::new(&program).arg("--version")).ok()?;
                let folder = program.parent()?.to_owned();
                (major(&version)? >= OLDEST_POSTGRES && self.is_at(&folder)).then_some(folder)
            }),
            Self::Nats => process::find_on_path("nats-server"),
        }
    }

    /// Debian's, unpacked below `target/`, fetched if it is not there yet.
    ///
    /// # Errors
    /// If it cannot be fetched; not on Debian, above all.
    pub fn fetch(self) -> Result<PathBuf> {
        let root = self.recipe().ensure().with_context(|| {
            format!(
                "{name} is not on this machine, and cannot be fetched; install it, or say in \
                 {variable} where it is",
                name = self.name(),
                variable = self.variable()
            )
        })?;
        Ok(self.below(&root))
    }

    fn recipe(self) -> Recipe<'static> {
        match self {
            Self::Postgres => POSTGRES,
            Self::Nats => NATS,
        }
    }

    /// The place below unpacked packages.
    fn below(self, root: &Path) -> PathBuf {
        match self {
            Self::Postgres => root.join(POSTGRES_PROGRAMS),
            Self::Nats => root.join(NATS_PROGRAM),
        }
    }

    fn is_at(self, path: &Path) -> bool {
        match self {
            Self::Postgres => ["postgres", "initdb", "psql"]
                .iter()
                .all(|program| path.join(program).is_file()),
            Self::Nats => path.is_file(),
        }
    }
}

/// The folder that Debian's packages were unpacked in, if the PostgreSQL with these programs
/// is an unpacked one.
pub fn unpacked_root(programs: &Path) -> Option<PathBuf> {
    let root = programs.ancestors().nth(5)?;
    let is_unpacked = root.parent().is_some() && root.join(POSTGRES_PROGRAMS) == programs;
    is_unpacked.then(|| root.to_owned())
}

/// Where an unpacked PostgreSQL finds its libraries.
pub fn libraries(root: &Path) -> [PathBuf; 2] {
    LIBRARIES.map(|folder| root.join(folder))
}

/// The newest of Debian's, which lie side by side: `/usr/lib/postgresql/15/bin`.
fn debians_postgres(versions: &Path) -> Option<PathBuf> {
    fs::read_dir(versions)
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(version, programs)| {
            *version >= OLDEST_POSTGRES && Engine::Postgres.is_at(programs)
        })
        .max()
        .map(|(_, programs)| programs)
}

/// `15` of `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let end = number.find(|letter: char| !letter.is_ascii_digit());
    number[..end.unwrap_or(number.len())].parse().ok()
}

/// Manuals, translations, and what only a compiler at run time would read: half of it all.
fn drop_unused(root: &Path) -> Result<()> {
    let unused = [
        "usr/share/doc",
        "usr/share/man",
        "usr/share/locale",
        "usr/lib/postgresql/15/lib/bitcode",
    ];
    for folder in unused {
        let folder = root.join(folder);
        if folder.is_dir() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot remove {}", folder.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_says_its_version() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("postgres"), None);
    }

    #[test]
    fn an_unpacked_postgres_has_its_libraries_with_it_and_the_machines_own_has_not() {
        let root = Path::new("/checkout/target/postgres/root");
        assert_eq!(
            unpacked_root(&root.join(POSTGRES_PROGRAMS)),
            Some(root.to_owned())
        );
        assert_eq!(unpacked_root(Path::new("/usr/lib/postgresql/15/bin")), None);
        assert_eq!(unpacked_root(Path::new("/opt/postgres/bin")), None);
    }
}
