//! Ctrl-C and SIGTERM: noticed here, heeded wherever xtask waits.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Makes Ctrl-C and SIGTERM end the run in good order instead of at once, so
/// that everything xtask started is stopped too.
///
/// # Errors
/// If the system refuses the signal handler.
pub fn install() -> Result<()> {
    ctrlc::set_handler(|| REQUESTED.store(true, Ordering::Relaxed))
        .context("cannot listen for Ctrl-C")
}

/// Whether somebody asked us to stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// To be called in every loop that waits.
///
/// # Errors
/// If somebody asked us to stop.
pub fn check() -> Result<()> {
    if requested() {
        bail!("interrupted");
    }
    Ok(())
}
