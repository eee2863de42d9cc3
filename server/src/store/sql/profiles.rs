//! What players show of themselves for a game's sake.

use longhall_packet::Profile;

use super::{Db, Engine, Lock, NotUnderstood, small};
use crate::store::{ERASED_HASH, KeptProfile, ProfileChange, ProfileChanged, UserId};

pub(in crate::store) fn of<D: Db>(db: &mut D, user: UserId) -> Result<KeptProfile, D::Error> {
    let kept = db.optional(
        "SELECT profile, version FROM profiles WHERE user_id = ?1",
        &[user.0.into()],
        |row| {
            let profile = Profile::from_kept(&row.text(0)?)
                .map_err(|_| NotUnderstood::new("a profile is no JSON object"))?;
            Ok(KeptProfile {
                profile,
                version: small(row.int(1)?)?,
            })
        },
    )?;
    Ok(kept.unwrap_or_default())
}

pub(in crate::store) fn change<D: Engine>(
    db: &mut D,
    change: &ProfileChange,
) -> Result<ProfileChanged, D::Error> {
    db.lock(Lock::Account(change.user))?;
    let is_there = db.exists(
        "SELECT 1 FROM users WHERE id = ?1 AND password_hash != ?2",
        &[change.user.0.into(), ERASED_HASH.into()],
    )?;
    if !is_there {
        return Ok(ProfileChanged::NoAccount);
    }
    let changed = change.apply(&of(db, change.user)?);
    if let ProfileChanged::Now { kept, is_new: true } = &changed {
        db.execute(
            "INSERT INTO profiles (user_id, profile, version) VALUES (?1, ?2, ?3)
             ON CONFLICT (user_id) DO UPDATE
             SET profile = excluded.profile, version = excluded.version",
            &[
                change.user.0.into(),
                (&kept.profile.to_json()).into(),
                i64::from(kept.version).into(),
            ],
        )?;
    }
    Ok(changed)
}
