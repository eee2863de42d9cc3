//! A login kept over the end of the game.
//!
//! The file holds what the server allows to take a session up again: the name
//! and the resume token, never the password. It belongs to one server. Four
//! lines of plain text, which no parser of the engine reads: those quote in the log
//! what they do not understand.

use std::process;

use godot::classes::file_access::{ModeFlags, UnixPermissionFlags};
use godot::classes::{DirAccess, FileAccess, Os};
use godot::global::Error;
use godot::prelude::*;
use longhall_client::ServerAddress;
use longhall_packet::{ResumeToken, Username};

/// The first line of the file.
const HEADING: &str = "longhall login 1";
/// Behind `--` on the command line.
const SLOT_ARGUMENT: &str = "--remember-slot=";
/// More than any name, token and sensible url need.
const MAX_BYTES: usize = 4096;

/// Whether a finished game may write there.
pub(crate) fn is_writable(file: &GString) -> bool {
    let file = file.to_string();
    file.len() > "user://".len() && (file.starts_with("user://") || is_absolute(&file))
}

/// The slot that the command line names for this instance of the game: what
/// `--remember-slot=2` behind `--` puts behind the file's name.
pub(crate) fn slot() -> Option<String> {
    let slot = user_argument(SLOT_ARGUMENT)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!slot.is_empty() && slot.len() <= 32 && slot.chars().all(is_plain)).then_some(slot)
}

/// What stands behind `name` among the arguments behind `--` on the command line.
pub(super) fn user_argument(name: &str) -> Option<String> {
    let arguments = Os::singleton().get_cmdline_user_args();
    arguments.as_slice().iter().find_map(|argument| {
        let argument = argument.to_string();
        argument.strip_prefix(name).map(str::to_owned)
    })
}

/// Whether a login could be kept in `file`. Leaves everything as it was.
pub(crate) fn try_out(file: &GString) -> Result<(), String> {
    check_place(file)?;
    if DirAccess::dir_exists_absolute(file) {
        return Err("there is a folder of that name".to_owned());
    }
    let trial = trial_name(file);
    let written = FileAccess::open(&trial, ModeFlags::WRITE)
        .ok_or_else(|| format!("{:?}", FileAccess::get_open_error()))
        .and_then(|mut open| {
            open.store_string(HEADING);
            open.flush();
            check(open.get_error())
        });
    if FileAccess::file_exists(&trial) {
        DirAccess::remove_absolute(&trial);
    }
    written
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
    if lines.next()? != HEADING || !is_same(&url.to_string(), lines.next()?) {
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
    check_place(file)?;
    let fresh = trial_name(file);
    let written = write(&fresh, url, username, token)
        .and_then(|()| check(DirAccess::rename_absolute(&fresh, file)));
    if written.is_err() {
        // A part of the token must not stay behind.
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

fn check_place(file: &GString) -> Result<(), String> {
    if !is_writable(file) {
        return Err("it must begin with user://".to_owned());
    }
    // Some browsers keep no files, and private windows of others.
    if !Os::singleton().is_userfs_persistent() {
        return Err("this browser keeps nothing when the page is closed".to_owned());
    }
    Ok(())
}

/// Of this process alone: another game of this player may write its own now.
fn trial_name(file: &GString) -> GString {
    GString::from(&format!("{file}.{}", process::id()))
}

/// Whether two urls are the same address, however they are spelt.
fn is_same(one: &str, other: &str) -> bool {
    let read = ServerAddress::parse;
    one == other || read(one).is_ok_and(|one| read(other) == Ok(one))
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
