//! `longhall-server users list` and the other commands of operators.
//!
//! A command is an [`Act`], which is given to the server that runs on the database, by its
//! socket, or run on the database itself when none does. What comes of it is printed.

mod args;
mod print;
mod reports;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::CommandFactory;
use longhall_server::Config;
use longhall_server::admin::report::{Export, Report};
use longhall_server::admin::{Act, ActError, Answer, Order, Stopped};
use longhall_server::config::{AdminSocket, Basics, Secret};
use longhall_server::store::{PostgresStore, SqliteStore, Store};

use args::How;
pub(crate) use args::Verb;

/// What the program ends with.
const FAILED: u8 = 1;
const NOT_FOUND: u8 = 3;
const REFUSED: u8 = 4;

/// Runs a command, prints what came of it, and says what the program ends with.
pub(crate) fn run(verb: Verb, basics: &Basics, config: Config) -> ExitCode {
    let (how, act) = match verb.parts() {
        Ok(parts) => parts,
        Err(shell) => {
            let mut command = crate::Args::command();
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut command, "longhall-server", &mut text);
            return print(&text);
        }
    };
    let asked =
        Place::of(&how, basics, &config.admin).and_then(|place| ask(&place, &how, act, config));
    match asked {
        Ok(Ok(answer)) => {
            if let Some(note) = &answer.note {
                eprintln!("longhall-server: {note}");
            }
            print(print::text(&answer, how.json).as_bytes())
        }
        Ok(Err(error)) => {
            eprintln!("longhall-server: {error}");
            ExitCode::from(match error {
                ActError::NotFound(_) => NOT_FOUND,
                ActError::Refused(_) => REFUSED,
                ActError::Failed(_) => FAILED,
            })
        }
        Err(error) => {
            eprintln!("longhall-server: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}

/// Whoever reads may have read enough.
fn print(text: &[u8]) -> ExitCode {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text).and_then(|()| out.flush());
    ExitCode::SUCCESS
}

/// Where a command goes.
struct Place {
    /// The sockets to try.
    sockets: Vec<PathBuf>,
    /// Whether there must be a server.
    is_socket_only: bool,
    store: StorePlace,
}

enum StorePlace {
    File(PathBuf),
    Postgres(Secret),
}

impl Place {
    /// What the command names counts most, then the variables of the server.
    fn of(how: &How, basics: &Basics, admin: &AdminSocket) -> anyhow::Result<Self> {
        let mut basics = basics.clone();
        let is_named =
            how.on_database.is_some() || how.on_store.is_some() || how.on_store_file.is_some();
        if is_named {
            (basics.store, basics.store_file) = (how.on_store.clone(), how.on_store_file.clone());
        }
        if let Some(database) = &how.on_database {
            basics.database.clone_from(database);
        }
        let of_variable = admin.admin_socket.as_ref().filter(|_| !is_named);
        let mut sockets: Vec<_> = match how.on_socket.as_ref().or(of_variable) {
            Some(socket) => vec![socket.clone()],
            None => basics.default_socket().into_iter().collect(),
        };
        let store = match basics.store_url()? {
            Some(url) => StorePlace::Postgres(url),
            None => StorePlace::File(basics.database),
        };
        // With nothing to go by, the service is meant.
        if let StorePlace::File(file) = &store
            && !is_named
            && how.on_socket.is_none()
            && !file.exists()
        {
            sockets.extend(Basics::service_sockets());
        }
        Ok(Self {
            sockets,
            is_socket_only: how.on_socket.is_some() && !is_named,
            store,
        })
    }

    /// Opens the store, which no server has.
    fn open(&self) -> anyhow::Result<Arc<dyn Store>> {
        match &self.store {
            StorePlace::File(file) => {
                ensure!(
                    file.exists(),
                    "no server was found, and there is no database {}; name one with --database, \
                     or the socket of a server with --admin-socket",
                    file.display()
                );
                Ok(Arc::new(SqliteStore::open(file)?))
            }
            StorePlace::Postgres(url) => {
                let store = PostgresStore::open(url.expose()).context("--store")?;
                Ok(Arc::new(store))
            }
        }
    }
}

type Outcome = Result<Answer, ActError>;

/// Has an act done wherever it can be. An export is asked for page by page.
fn ask(place: &Place, how: &How, act: Act, config: Config) -> anyhow::Result<Outcome> {
    let order = |act| Order {
        act,
        reason: how.reason.clone(),
    };
    #[cfg(unix)]
    for socket in &place.sockets {
        use longhall_server::admin::socket::{AskError, ask};
        match ask(socket, &order(act.clone())) {
            Err(AskError::NoServer(_)) => {}
            Err(error) => return Err(error.into()),
            Ok(first) => {
                return all_pages(first, act, |act| Ok(ask(socket, &order(act))?));
            }
        }
    }
    if place.is_socket_only {
        let sockets = place.sockets.iter().map(|path| path.display().to_string());
        let sockets: Vec<_> = sockets.collect();
        anyhow::bail!("no server listens on {}", sockets.join(", "));
    }
    on_store(place, act, order, config)
}

fn on_store(
    place: &Place,
    act: Act,
    order: impl Fn(Act) -> Order,
    mut config: Config,
) -> anyhow::Result<Outcome> {
    config.names.read_reserved()?;
    let is_shared = matches!(place.store, StorePlace::Postgres(_));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let stopped = Stopped::new(place.open()?, is_shared, config);
    let actor = args::actor();
    let one = |act: Act| runtime.block_on(stopped.run(&actor, order(act)));
    let done = all_pages(one(act.clone()), act, |act| Ok(one(act)));
    runtime.block_on(stopped.close());
    done
}

/// Asks for the rest of an export.
fn all_pages(
    first: Outcome,
    act: Act,
    ask: impl Fn(Act) -> anyhow::Result<Outcome>,
) -> anyhow::Result<Outcome> {
    let (Ok(mut answer), Act::UsersExport { name, .. }) = (first.clone(), act) else {
        return Ok(first);
    };
    while let Report::Export(whole) = &mut answer.report {
        let Some(after) = whole.after else {
            break;
        };
        let next = ask(Act::UsersExport {
            name: name.clone(),
            after: Some(after),
        })?;
        match next {
            Ok(Answer {
                report: Report::Export(page),
                ..
            }) => add(whole, *page),
            Ok(_) => anyhow::bail!("the server answers something else"),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(answer))
}

fn add(whole: &mut Export, page: Export) {
    whole.lines.extend(page.lines);
    whole.whispers.extend(page.whispers);
    whole.reports.extend(page.reports);
    whole.after = page.after;
}
