//! The Unix socket by which acts come to a running server.
//!
//! One line of JSON asks, one answers: see `Request` and `Reply`. Only the user that
//! the server runs as, and root, get through: the socket's file has the mode 0600, and who
//! asks is looked at again. Lines, the time for them and the number of connections are
//! bounded.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use super::ground::Ground;
use super::{ActError, Answer, Order, run, who};
use crate::server::Server;

/// The version of what is spoken here.
const VERSION: u32 = 1;
/// Longest question.
const MAX_REQUEST_BYTES: u64 = 64 * 1024;
/// Longest answer that is read: a page of an export is the longest.
const MAX_REPLY_BYTES: u64 = 64 * 1024 * 1024;
/// Connections at a time.
const MAX_CONNECTIONS: usize = 8;
/// Longest that a question, and an answer, may be under way.
const LINE_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest that is waited for an answer: an account that has said much is erased for long.
const PATIENCE: Duration = Duration::from_secs(3600);
/// After the system could not accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What is asked, in a line.
#[derive(Serialize, Deserialize)]
struct Request {
    version: u32,
    order: Order,
    /// Who became root to ask.
    #[serde(default)]
    on_behalf_of: Option<String>,
}

/// What is answered, in a line.
#[derive(Serialize, Deserialize)]
struct Reply {
    version: u32,
    outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Done(Answer),
    Error(ActError),
}

/// A socket that is listened on. Its file goes with it.
#[derive(Debug)]
pub(crate) struct Listening {
    listener: net::UnixListener,
    path: PathBuf,
    /// Device and number of the file: another server may have taken the name meanwhile.
    file: (u64, u64),
}

impl Drop for Listening {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.file) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

/// Listens on a socket of this name. The file of a server that was killed is replaced, that
/// of a living one is not.
///
/// # Errors
/// When that cannot be done; the text says what to do.
pub(crate) fn bind(path: &Path) -> io::Result<Listening> {
    let explain = |cause: io::Error| {
        let text = format!(
            "cannot listen on the admin socket {}: {cause}; choose another place with \
             --admin-socket",
            path.display()
        );
        io::Error::new(cause.kind(), text)
    };
    try_bind(path).map_err(explain)
}

fn try_bind(path: &Path) -> io::Result<Listening> {
    match fs::symlink_metadata(path) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => {}
        Err(cause) => return Err(cause),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(io::Error::new(
                ErrorKind::AlreadyExists,
                "there is a file of this name",
            ));
        }
        Ok(_) => match net::UnixStream::connect(path) {
            Ok(_) => {
                let text = "another longhall-server listens there";
                return Err(io::Error::new(ErrorKind::AddrInUse, text));
            }
            Err(cause) if cause.kind() == ErrorKind::ConnectionRefused => {}
            Err(cause) => return Err(cause),
        },
    }
    // Made where nobody else can enter, so that its mode is right before anybody sees it.
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let folder = PathBuf::from(name);
    DirBuilder::new().mode(0o700).create(&folder)?;
    let listening = listen_in(&folder, path);
    let _ = fs::remove_dir(&folder);
    listening
}

fn listen_in(folder: &Path, path: &Path) -> io::Result<Listening> {
    let made = folder.join("s");
    let listener = net::UnixListener::bind(&made)?;
    let placed = fs::set_permissions(&made, Permissions::from_mode(0o600))
        .and_then(|()| listener.set_nonblocking(true))
        .and_then(|()| fs::rename(&made, path))
        .and_then(|()| identity(path));
    let file = placed.inspect_err(|_| {
        let _ = fs::remove_file(&made);
    })?;
    Ok(Listening {
        listener,
        path: path.to_owned(),
        file,
    })
}

/// Listens where the settings say, if they say so. A place that nobody has chosen need not do.
///
/// # Errors
/// See [`bind`].
pub(crate) fn listen(config: &crate::config::AdminSocket) -> io::Result<Option<Listening>> {
    if let Some(path) = &config.admin_socket {
        return bind(path).map(Some);
    }
    let Some(path) = &config.default_socket else {
        return Ok(None);
    };
    if let Some(folder) = path.parent()
        && !folder.as_os_str().is_empty()
    {
        // It may be there.
        let _ = DirBuilder::new().mode(0o700).create(folder);
    }
    Ok(bind(path)
        .inspect_err(|cause| warn!(%cause, "no commands reach this server"))
        .ok())
}

/// Takes acts until the server stops. One that is under way is finished.
pub(crate) async fn serve(server: Arc<Server>, listening: Listening) -> io::Result<()> {
    let listener = UnixListener::from_std(listening.listener.try_clone()?)?;
    info!(path = %listening.path.display(), "taking commands");
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let stopping = server.stopping.clone();
    let accepting = async {
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(cause) => {
                    debug!(%cause, "cannot accept a command");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let place = Arc::clone(&places).try_acquire_owned();
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let answered = match place {
                    Ok(_place) => answer(server, stream).await,
                    Err(_) => {
                        let text = "too many commands at once; try again";
                        reply(stream, Err(ActError::Failed(text.to_owned()))).await
                    }
                };
                if let Err(cause) = answered {
                    debug!(%cause, "a command was not answered");
                }
            });
        }
    };
    stopping.run_until_cancelled(accepting).await;
    Ok(())
}

/// Reads a question and answers it.
async fn answer(server: Arc<Server>, mut stream: UnixStream) -> io::Result<()> {
    let uid = stream.peer_cred()?.uid();
    if uid != 0 && uid != rustix::process::geteuid().as_raw() {
        warn!(uid, "a stranger at the admin socket was sent away");
        return Ok(());
    }
    let mut line = Vec::new();
    let reading = async {
        let mut limited = tokio::io::BufReader::new(&mut stream).take(MAX_REQUEST_BYTES);
        limited.read_until(b'\n', &mut line).await
    };
    timeout(LINE_TIMEOUT, reading).await??;
    let outcome = match understand(&line) {
        Ok(request) => {
            let actor = who::actor(uid, request.on_behalf_of.as_deref(), "socket");
            let ground = Ground::running(server);
            run(&ground, &actor, request.order).await
        }
        Err(error) => Err(error),
    };
    reply(stream, outcome).await
}

fn understand(line: &[u8]) -> Result<Request, ActError> {
    let Some(line) = line.strip_suffix(b"\n") else {
        let text = format!("a question is a line of at most {MAX_REQUEST_BYTES} bytes");
        return Err(ActError::Refused(text));
    };
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let not_understood =
        |cause: serde_json::Error| ActError::Refused(format!("not understood: {cause}"));
    let Versioned { version } = serde_json::from_slice(line).map_err(not_understood)?;
    if version != VERSION {
        let text = format!(
            "the server speaks version {VERSION} of the commands, this program {version}: use \
             the program that the server runs"
        );
        return Err(ActError::Refused(text));
    }
    serde_json::from_slice(line).map_err(not_understood)
}

async fn reply(mut stream: UnixStream, outcome: Result<Answer, ActError>) -> io::Result<()> {
    let reply = Reply {
        version: VERSION,
        outcome: match outcome {
            Ok(answer) => Outcome::Done(answer),
            Err(error) => Outcome::Error(error),
        },
    };
    let mut line = serde_json::to_vec(&reply)?;
    line.push(b'\n');
    timeout(LINE_TIMEOUT, stream.write_all(&line)).await?
}

/// Why a server was not asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// None runs there.
    #[error("no server listens on {}", .0.display())]
    NoServer(PathBuf),
    /// One does, but it was not reached or not understood.
    #[error("the server at {} cannot be asked: {cause}", .path.display())]
    Failed {
        /// Its socket.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// Has the server at a socket run an act. Blocks until it is done.
///
/// # Errors
/// When there is none, or it cannot be asked. What the server says is inside.
pub fn ask(path: &Path, order: &Order) -> Result<Result<Answer, ActError>, AskError> {
    let stream = net::UnixStream::connect(path).map_err(|cause| match cause.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => AskError::NoServer(path.to_owned()),
        _ => failed(path, cause),
    })?;
    let asked = converse(stream, order).map_err(|cause| failed(path, cause))?;
    Ok(match asked.outcome {
        Outcome::Done(answer) => Ok(answer),
        Outcome::Error(error) => Err(error),
    })
}

fn failed(path: &Path, cause: io::Error) -> AskError {
    AskError::Failed {
        path: path.to_owned(),
        cause,
    }
}

fn converse(mut stream: net::UnixStream, order: &Order) -> io::Result<Reply> {
    stream.set_write_timeout(Some(LINE_TIMEOUT))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = Request {
        version: VERSION,
        order: order.clone(),
        on_behalf_of: who::on_behalf_of(),
    };
    let mut line = serde_json::to_vec(&request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = Vec::new();
    BufReader::new(stream.take(MAX_REPLY_BYTES)).read_until(b'\n', &mut answer)?;
    if answer.is_empty() {
        let text = "it hung up; is this its user, or root?";
        return Err(io::Error::new(ErrorKind::UnexpectedEof, text));
    }
    Ok(serde_json::from_slice(&answer)?)
}
