//! Profiles of players: changed by themselves and by the game's server, kept by the store, and
//! told by the hub.

use longhall_packet::{DenyCode, Profile};

use crate::handlers::HandlerError;
use crate::server::Server;
use crate::store::{KeptProfile, ProfileAuthor, ProfileChange, ProfileChanged, UserId};

/// Changes a profile, and has the others told. Returns it as it is then.
///
/// # Errors
/// What [`ProfileChange::apply`] refuses, `unknown_user` when the account is gone, and what the
/// store says.
pub(crate) async fn change(
    server: &Server,
    user: UserId,
    by: ProfileAuthor,
) -> Result<KeptProfile, HandlerError> {
    let game_keys = {
        let settings = server.settings();
        settings
            .accounts
            .profile_game_keys
            .iter()
            .cloned()
            .collect()
    };
    let change = ProfileChange {
        user,
        by,
        game_keys,
    };
    match server.store.change_profile(change).await? {
        ProfileChanged::Now { kept, is_new } => {
            if is_new {
                server.hub.note_profile(user, &kept);
            }
            Ok(kept)
        }
        ProfileChanged::Refused(denial) => Err(denial.into()),
        ProfileChanged::NoAccount => Err(DenyCode::UnknownUser.into()),
    }
}

/// Sets keys of an account's profile that are the game's, as the setting `profile-game-keys`
/// names them; a key that is `null` is taken out, and those that are not named stay. For
/// whoever speaks for the game's server. Returns the profile as it is then.
///
/// # Errors
/// `kept_by_game` for a key that the setting does not name, `too_long`, `unknown_user` when the
/// account is gone, and what the store says.
pub(crate) async fn set_game_keys(
    server: &Server,
    account: UserId,
    values: Profile,
) -> Result<KeptProfile, HandlerError> {
    change(server, account, ProfileAuthor::Game { values }).await
}
