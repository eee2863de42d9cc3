//! The system's wish that the server stops, or reads its settings again.
//!
//! On Unix it is to stop on SIGINT (Ctrl-C), SIGTERM, and SIGHUP, which comes when the terminal
//! is closed; on Windows on Ctrl-C, Ctrl-Break, a closed console and the system's shutdown. A
//! server with a settings file reads it again on SIGHUP, wherever that comes from.

use std::io;
use std::thread;

use tokio::runtime::Builder;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Stop,
    /// To read the settings again.
    #[cfg_attr(windows, allow(dead_code, reason = "Windows has no signal for it"))]
    Reload,
}

/// Calls `handler` on each signal, on a thread of its own, so that it is called also while
/// all the server's workers are busy. SIGHUP asks to reload if that `reloads`, else
/// to stop; a program that was started to outlive its terminal, as by `nohup`, is not told then
/// when the terminal closes.
///
/// # Errors
/// When the system has no thread, or does not let us listen for signals.
pub(crate) fn on_each(
    reloads: bool,
    mut handler: impl FnMut(Asked) + Send + 'static,
) -> io::Result<()> {
    // It has no work but to wait; the server's own runtime may be stuck.
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let mut signals = {
        let _within = runtime.enter();
        Signals::listen(reloads)?
    };
    let thread = thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || {
        runtime.block_on(async {
            loop {
                handler(signals.next().await);
            }
        });
    })?;
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// `None` if the program was started with that signal ignored, and is not to reload.
    hangup: Option<tokio::signal::unix::Signal>,
    reloads: bool,
}

#[cfg(unix)]
impl Signals {
    fn listen(reloads: bool) -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = match is_hangup_ignored() && !reloads {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup,
            reloads,
        })
    }

    async fn next(&mut self) -> Asked {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.terminate.recv() => Asked::Stop,
            _ = hangup => match self.reloads {
                true => Asked::Reload,
                false => Asked::Stop,
            },
        }
    }
}

/// Linux tells in a file; elsewhere it takes unsafe code to find out.
#[cfg(unix)]
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // SIGHUP is signal 1, the lowest bit.
    ignored.is_some_and(|mask| mask & 1 != 0)
}

#[cfg(windows)]
struct Signals {
    c: tokio::signal::windows::CtrlC,
    r#break: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Signals {
    fn listen(_reloads: bool) -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
        Ok(Self {
            c: ctrl_c()?,
            r#break: ctrl_break()?,
            close: ctrl_close()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.c.recv() => {}
            _ = self.r#break.recv() => {}
            _ = self.close.recv() => {}
            _ = self.shutdown.recv() => {}
        }
        Asked::Stop
    }
}
