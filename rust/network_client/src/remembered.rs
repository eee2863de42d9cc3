//! A login kept over the end of the game.
//!
//! The file holds what the server allows to take a session up again: the name
//! and the resume token, never the password. It belongs to one server.

use godot::classes::file_access::{ModeFlags, UnixPermissionFlags};
use godot::classes::{ConfigFile, DirAccess, FileAccess};
use godot::global::Error;
use godot::prelude::*;
use longhall_packet::ResumeToken;

const SECTION: &str = "login";

/// The login kept in `file` for the server at `url`.
pub(crate) fn load(file: &GString, url: &GString) -> Option<(String, ResumeToken)> {
    if !FileAccess::file_exists(file) {
        return None;
    }
    let mut config = ConfigFile::new_gd();
    if config.load(file) != Error::OK || text(&config, "url")? != url.to_string() {
        return None;
    }
    let token = ResumeToken::parse(text(&config, "token")?).ok()?;
    Some((text(&config, "username")?, token))
}

/// Keeps a login. The file is replaced in one step, so that a crash leaves the
/// one before, and only this user of the system may read it.
pub(crate) fn save(
    file: &GString,
    url: &GString,
    username: &str,
    token: &ResumeToken,
) -> Result<(), Error> {
    let fresh = GString::from(&format!("{file}.new"));
    // The rights come before the secret.
    let empty =
        FileAccess::open(&fresh, ModeFlags::WRITE).ok_or_else(FileAccess::get_open_error)?;
    drop(empty);
    // Where the system knows no such rights, the user's own folder must do.
    FileAccess::set_unix_permissions(
        &fresh,
        UnixPermissionFlags::READ_OWNER | UnixPermissionFlags::WRITE_OWNER,
    );
    let mut config = ConfigFile::new_gd();
    config.set_value(SECTION, "url", &url.to_variant());
    config.set_value(SECTION, "username", &username.to_variant());
    config.set_value(SECTION, "token", &token.expose().to_variant());
    check(config.save(&fresh))?;
    check(DirAccess::rename_absolute(&fresh, file))
}

/// Forgets the login, if there is one.
pub(crate) fn forget(file: &GString) -> Result<(), Error> {
    if FileAccess::file_exists(file) {
        check(DirAccess::remove_absolute(file))?;
    }
    Ok(())
}

fn text(config: &Gd<ConfigFile>, key: &str) -> Option<String> {
    // Without this, or with null for a default, a missing key is an error.
    if !config.has_section_key(SECTION, key) {
        return None;
    }
    config.get_value(SECTION, key).try_to::<String>().ok()
}

fn check(error: Error) -> Result<(), Error> {
    if error == Error::OK {
        Ok(())
    } else {
        Err(error)
    }
}
