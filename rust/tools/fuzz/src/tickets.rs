//! Tickets that strangers show to a game's server, and keys that it reads to check them.

use std::sync::LazyLock;

use longhall_ticket::{Claims, Keys, SigningKey, check};

/// Of a ticket that is good at [`NOW_S`].
const AUDIENCE: &str = "arena:eu-1";
const NOW_S: u64 = 1_800_000_000;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(&[1; 32]));

/// The first byte says what the rest is: a ticket, keys, or what a ticket says, which is signed
/// as if the server had said so.
pub(crate) fn tickets(bytes: &[u8]) {
    let Some((&what, rest)) = bytes.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(rest);
    match what {
        b'k' => keys(&text),
        b'c' => claims(&text),
        _ => ticket(&text),
    }
}

/// None is taken but one that the key has signed, sign by sign.
fn ticket(text: &str) {
    if let Ok(claims) = check(text, &Keys::of([&*KEY]), AUDIENCE, NOW_S) {
        assert_eq!(KEY.sign(&claims).as_str(), text, "a forged one is taken");
    }
}

/// Whatever they are, a ticket says with them what it says with the right one, or is refused.
fn keys(text: &str) {
    let Ok(keys) = Keys::parse(text) else {
        return;
    };
    let said = Claims {
        iss: "9c1f0e6ab27d4853".to_owned(),
        sub: "12".to_owned(),
        name: "Ada".to_owned(),
        role: "player".to_owned(),
        guest: false,
        aud: AUDIENCE.to_owned(),
        jti: "AAECAwQFBgcICQoLDA0ODw".to_owned(),
        iat: NOW_S,
        exp: NOW_S + 60,
    };
    if let Ok(claims) = check(&KEY.sign(&said), &keys, AUDIENCE, NOW_S) {
        assert_eq!(claims, said);
    }
}

/// What is taken says the same after another trip.
fn claims(text: &str) {
    let Ok(claims) = serde_json::from_str::<Claims>(text) else {
        return;
    };
    let keys = Keys::of([&*KEY]);
    let now_s = claims.iat;
    if let Ok(taken) = check(&KEY.sign(&claims), &keys, &claims.aud, now_s) {
        assert_eq!(taken, claims);
    }
}
