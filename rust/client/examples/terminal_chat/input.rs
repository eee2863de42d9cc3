//! Typed lines, read on a thread of their own.

use std::io;

use tokio::sync::mpsc;

/// What somebody typed.
pub(crate) enum Input {
    Register {
        username: String,
        password: String,
    },
    Login {
        username: String,
        password: String,
        /// Of the second factor; empty without one.
        code: String,
    },
    /// Choose another password by a recovery code.
    Recover {
        username: String,
        password: String,
        code: String,
    },
    /// Come in by a name alone.
    Guest(String),
    Logout,
    Quit,
    /// Talk there from now on.
    To(String),
    /// Show older lines.
    Older,
    /// A line to say, or a command that every client has.
    Typed(String),
    Incomplete(String),
}

/// Runs on a thread of its own until the input ends.
pub(crate) fn read_inputs(is_interactive: bool, inputs: &mpsc::Sender<Input>) {
    for line in io::stdin().lines() {
        let Ok(line) = line else { return };
        let Some(input) = parse_line(&line, is_interactive) else {
            continue;
        };
        if inputs.blocking_send(input).is_err() {
            return;
        }
    }
}

fn parse_line(line: &str, is_interactive: bool) -> Option<Input> {
    let line = line.trim();
    if line.is_empty() {
        return None;
    }
    let command = line.strip_prefix('/').unwrap_or_default();
    let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
    Some(match verb {
        "register" | "login" | "code" | "recover" => {
            let rest = rest.trim();
            let (code, rest) = match verb {
                "code" | "recover" => rest.split_once(' ').unwrap_or((rest, "")),
                _ => ("", rest),
            };
            let (username, rest) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
            if username.is_empty() || (!is_interactive && rest.is_empty()) {
                return Some(Input::Incomplete(verb.to_owned()));
            }
            let (username, code) = (username.to_owned(), code.to_owned());
            let password = if rest.is_empty() {
                rpassword::prompt_password("Password: ").ok()?
            } else {
                rest.to_owned()
            };
            match verb {
                "register" => Input::Register { username, password },
                "recover" => Input::Recover {
                    username,
                    password,
                    code,
                },
                _ => Input::Login {
                    username,
                    password,
                    code,
                },
            }
        }
        "guest" if rest.trim().is_empty() => Input::Incomplete(verb.to_owned()),
        "guest" => Input::Guest(rest.trim().to_owned()),
        "logout" => Input::Logout,
        "quit" => Input::Quit,
        "to" => Input::To(rest.trim().to_owned()),
        "older" => Input::Older,
        _ => Input::Typed(line.to_owned()),
    })
}
