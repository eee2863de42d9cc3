//! A login kept over the end of the game.
//!
//! The file holds what the server allows to take a session up again: the name
//! and the resume token, never the password. It belongs to one server. Four
//! lines of plain text, and nothing of the engine reads them: its parsers quote
//! in the log what they do not understand.

use std::process;

use godot::classes::file_access::{ModeFlags, UnixPermissionFlags};
use godot::classes::{DirAccess, FileAccess};
use godot::global::Error;
use godot::prelude::*;
use longhall_packet::{ResumeToken, Username};

/// What the file begins with.
const HEADING: &str = "longhall login 1";
/// More than any name, token and sensible url need.
const MAX_BYTES: usize = 4096;

/// Whether a finished game may write there.
pub(crate) fn is_writable(file: &GString) -> bool {
    let file = file.to_string();
    file.len() > "user://".len() && (file.starts_with("user://") || is_absolute(&file))
}

/// The login kept in `file` for the server at `url`. A damaged file holds none.
pub(crate) fn load(file: &GString, url: &GString) -> Option<(String, ResumeToken)> {
    if !is_writable(file) || !FileAccess::file_exists(file) {
        return None;
    }
    let mut file = FileAccess::open(file, ModeFlags::READ)?;
    let bytes = file.get_buffer(MAX_BYTES as i64);
    let text = std::str::from_utf8(bytes.as_slice()).ok()?;
    let mut lines = text.lines();
    if lines.next()? != HEADING || *url != lines.next()? {
        return None;
    }
    let username = lines.next()?;
    Username::parse(username).ok()?;
    let token = ResumeToken::parse(lines.next()?).ok()?;
    Some((username.to_owned(), token))
}

/// Keeps a login. The file is replaced in one step, so that a crash leaves the
/// one before, and only this user of the system may read it.
pub(crate) fn save(
    file: &GString,
    url: &GString,
    username: &str,
    token: &ResumeToken,
) -> Result<(), String> {
    if !is_writable(file) {
        return Err("it must begin with user://".to_owned());
    }
    // Of this process alone: another game of this player may do the same now.
    let fresh = GString::from(&format!("{file}.{}", process::id()));
    let written = write(&fresh, url, username, token)
        .and_then(|()| check(DirAccess::rename_absolute(&fresh, file)));
    if written.is_err() {
        // What was written of the token must not stay behind.
        DirAccess::remove_absolute(&fresh);
    }
    written
}

/// Forgets the login, if there is one.
pub(crate) fn forget(file: &GString) -> Result<(), String> {
    if FileAccess::file_exists(file) {
        check(DirAccess::remove_absolute(file))?;
    }
    Ok(())
}

fn write(file: &GString, url: &GString, username: &str, token: &ResumeToken) -> Result<(), String> {
    let mut open = FileAccess::open(file, ModeFlags::WRITE)
        .ok_or_else(|| format!("{:?}", FileAccess::get_open_error()))?;
    // The rights come before the secret. Where the system knows no such rights,
    // the user's own folder must do.
    FileAccess::set_unix_permissions(
        file,
        UnixPermissionFlags::READ_OWNER | UnixPermissionFlags::WRITE_OWNER,
    );
    let text = format!("{HEADING}\n{url}\n{username}\n{}\n", token.expose());
    open.store_string(&text);
    open.flush();
    check(open.get_error())
}

fn is_absolute(file: &str) -> bool {
    !file.starts_with("res://") && GString::from(file).is_absolute_path()
}

fn check(error: Error) -> Result<(), String> {
    if error == Error::OK {
        Ok(())
    } else {
        Err(format!("{error:?}"))
    }
}
