//! The program that has started this one, and its end.

use std::io::{self, ErrorKind, Read};
use std::thread;

use tokio_util::sync::CancellationToken;
use tracing::info;

/// How often it is looked whether the starter is still there.
#[cfg(unix)]
const LOOK: std::time::Duration = std::time::Duration::from_millis(250);

/// Cancels `stopping` when the starter has ended, and when anything, or its end, comes on
/// the standard input. On Windows only that is noticed, which comes with the starter's end there.
///
/// Where the starter has started other programs since, these may hold the other end of the
/// input open, so its end alone tells nothing on Unix.
///
/// # Errors
/// When the system has no thread.
pub(crate) fn watch(stopping: CancellationToken) -> io::Result<()> {
    #[cfg(unix)]
    watch_parent(stopping.clone())?;
    let thread = thread::Builder::new().name("starter-input".to_owned());
    thread.spawn(move || {
        await_input();
        info!("stopping, as the starter asks for it");
        stopping.cancel();
    })?;
    Ok(())
}

#[cfg(unix)]
fn watch_parent(stopping: CancellationToken) -> io::Result<()> {
    use std::os::unix::process::parent_id;
    // A process without a parent is given to another one.
    let starter = parent_id();
    let thread = thread::Builder::new().name("starter".to_owned());
    thread.spawn(move || {
        while parent_id() == starter {
            thread::sleep(LOOK);
        }
        info!("stopping, as the starter has ended");
        stopping.cancel();
    })?;
    Ok(())
}

/// Returns when there is something to read, or nothing will ever be.
fn await_input() {
    let mut input = io::stdin().lock();
    while let Err(error) = input.read(&mut [0]) {
        if error.kind() != ErrorKind::Interrupted {
            return;
        }
    }
}
