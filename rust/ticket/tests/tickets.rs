//! Tickets that are good, and all the others.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

use base64ct::{Base64UrlUnpadded, Encoding};
use fastrand::Rng;
use longhall_ticket::{Claims, Fault, Keys, MAX_TICKET_BYTES, SigningKey, Used, check, jwks};

const NOW: u64 = 1_800_000_000;
const AUDIENCE: &str = "arena.eu-1";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn keys(of: &[&SigningKey]) -> Keys {
    Keys::parse(&jwks(of.iter().copied())).unwrap()
}

fn claims() -> Claims {
    Claims {
        iss: "9c1f0e6ab27d4853".to_owned(),
        sub: "12".to_owned(),
        name: "Ada".to_owned(),
        role: "moderator".to_owned(),
        guest: false,
        aud: AUDIENCE.to_owned(),
        jti: "AAECAwQFBgcICQoLDA0ODw".to_owned(),
        iat: NOW,
        exp: NOW + 60,
    }
}

fn encode(text: &str) -> String {
    Base64UrlUnpadded::encode_string(text.as_bytes())
}

fn decode(part: &str) -> String {
    String::from_utf8(Base64UrlUnpadded::decode_vec(part).unwrap()).unwrap()
}

fn parts(ticket: &str) -> (String, String, String) {
    let mut parts = ticket.split('.').map(str::to_owned);
    let mut next = || parts.next().unwrap();
    (next(), next(), next())
}

/// A header and claims as they stand here, signed with the right key all the same.
fn sign_raw(header: &str, claims: &str) -> String {
    use ed25519_dalek::Signer;
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = ed25519_dalek::SigningKey::from_bytes(&[1; 32]).sign(signed.as_bytes());
    format!(
        "{signed}.{}",
        Base64UrlUnpadded::encode_string(&signature.to_bytes())
    )
}

fn checked(ticket: &str) -> Result<Claims, Fault> {
    check(ticket, &keys(&[&key(1)]), AUDIENCE, NOW)
}

#[test]
fn a_ticket_says_what_was_signed_to_whoever_has_the_public_key() {
    let ticket = key(1).sign(&claims());
    assert_eq!(checked(&ticket), Ok(claims()));
    let (header, said, _) = parts(&ticket);
    let id = key(1).id().to_owned();
    let header_wanted = format!(r#"{{"alg":"EdDSA","typ":"ticket+jwt","kid":"{id}"}}"#);
    assert_eq!(decode(&header), header_wanted);
    assert_eq!(
        decode(&said),
        r#"{"iss":"9c1f0e6ab27d4853","sub":"12","name":"Ada","role":"moderator","guest":false,"aud":"arena.eu-1","jti":"AAECAwQFBgcICQoLDA0ODw","iat":1800000000,"exp":1800000060}"#
    );
}

/// The example of `docs/protocol.md`, signed by another program with the key of RFC 8037.
#[test]
fn a_ticket_of_another_program_is_read() {
    let set = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let ticket = include_str!("../../packet/tests/golden/server_ticket.json");
    let ticket = ticket.split('"').nth(9).unwrap();
    let claims = check(
        ticket,
        &Keys::parse(set).unwrap(),
        "arena:eu-1",
        1_735_689_630,
    )
    .unwrap();
    assert_eq!(
        (claims.name.as_str(), claims.sub.as_str()),
        ("Ada-Élan", "12")
    );
}

#[test]
fn a_change_of_any_sign_makes_it_another_or_none() {
    let ticket = key(1).sign(&claims());
    let known = keys(&[&key(1)]);
    for at in 0..ticket.len() {
        for sign in [b'A', b'z', b'.', b'-', b' '] {
            let mut bytes = ticket.as_bytes().to_vec();
            if bytes[at] == sign {
                continue;
            }
            bytes[at] = sign;
            let changed = String::from_utf8(bytes).unwrap();
            let taken = check(&changed, &known, AUDIENCE, NOW);
            assert!(taken.is_err(), "{at}: {changed}");
        }
    }
    for end in 0..ticket.len() {
        assert!(check(&ticket[..end], &known, AUDIENCE, NOW).is_err());
    }
    for more in ["A", ".", "=", " ", "\n", ".AAAA"] {
        assert!(checked(&format!("{}{more}", &*ticket)).is_err());
    }
}

#[test]
fn a_ticket_that_was_signed_by_another_is_forged() {
    let theirs = key(2).sign(&claims());
    assert_eq!(checked(&theirs), Err(Fault::UnknownKey));
    // The same under the name of ours.
    let (_, said, signature) = parts(&theirs);
    let (ours, ..) = parts(&key(1).sign(&claims()));
    assert_eq!(
        checked(&format!("{ours}.{said}.{signature}")),
        Err(Fault::Forged)
    );
    // What we signed, with somebody else's claims.
    let (header, _, signature) = parts(&key(1).sign(&claims()));
    let admin = Claims {
        role: "admin".to_owned(),
        ..claims()
    };
    let (_, said, _) = parts(&key(1).sign(&admin));
    assert_eq!(
        checked(&format!("{header}.{said}.{signature}")),
        Err(Fault::Forged)
    );
}

/// One key's ticket does not pass for another's, though both are known.
#[test]
fn the_key_that_a_ticket_names_is_the_one_that_counts() {
    let both = keys(&[&key(1), &key(2)]);
    let theirs = key(2).sign(&claims());
    assert_eq!(check(&theirs, &both, AUDIENCE, NOW), Ok(claims()));
    let (_, said, signature) = parts(&theirs);
    let (ours, ..) = parts(&key(1).sign(&claims()));
    let mixed = format!("{ours}.{said}.{signature}");
    assert_eq!(check(&mixed, &both, AUDIENCE, NOW), Err(Fault::Forged));
}

#[test]
fn no_other_algorithm_is_taken() {
    let (_, said, signature) = parts(&key(1).sign(&claims()));
    let id = key(1).id().to_owned();
    for algorithm in [
        "none", "None", "HS256", "RS256", "ES256", "eddsa", "EdDSA ", "",
    ] {
        let header = format!(r#"{{"alg":"{algorithm}","typ":"ticket+jwt","kid":"{id}"}}"#);
        let header = encode(&header);
        for signature in [signature.as_str(), "", &encode("public key as a secret")] {
            let forged = format!("{header}.{said}.{signature}");
            assert_eq!(checked(&forged), Err(Fault::Forged), "{algorithm}");
        }
        let honest = sign_raw(&decode(&header), &decode(&said));
        assert_eq!(checked(&honest), Err(Fault::Forged), "{algorithm}");
    }
}

#[test]
fn a_header_that_says_more_or_less_is_none_of_ours() {
    let said = decode(&parts(&key(1).sign(&claims())).1);
    let id = key(1).id().to_owned();
    let good = format!(r#"{{"alg":"EdDSA","typ":"ticket+jwt","kid":"{id}"}}"#);
    assert_eq!(checked(&sign_raw(&good, &said)), Ok(claims()));
    for header in [
        format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{id}"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{id}"}}"#),
        format!(r#"{{"typ":"ticket+jwt","kid":"{id}"}}"#),
        r#"{"alg":"EdDSA","typ":"ticket+jwt"}"#.to_owned(),
        format!(r#"{{"alg":"none","alg":"EdDSA","typ":"ticket+jwt","kid":"{id}"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"ticket+jwt","kid":"x","kid":"{id}"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"ticket+jwt","kid":"{id}","crit":["b64"]}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"ticket+jwt","kid":"{id}","jku":"https://eve.example"}}"#),
        format!(r#"{{"alg":["EdDSA"],"typ":"ticket+jwt","kid":"{id}"}}"#),
        "{}".to_owned(),
        "[]".to_owned(),
        String::new(),
    ] {
        assert_eq!(
            checked(&sign_raw(&header, &said)),
            Err(Fault::Malformed),
            "{header}"
        );
    }
}

#[test]
fn claims_that_are_missing_or_there_twice_are_no_ticket() {
    let id = key(1).id().to_owned();
    let header = format!(r#"{{"alg":"EdDSA","typ":"ticket+jwt","kid":"{id}"}}"#);
    let said = decode(&parts(&key(1).sign(&claims())).1);
    for (from, to) in [
        (r#""sub":"12""#, r#""sub":"12","sub":"13""#),
        (
            r#""aud":"arena.eu-1""#,
            r#""aud":"other","aud":"arena.eu-1""#,
        ),
        (r#""aud":"arena.eu-1""#, r#""aud":["other","arena.eu-1"]"#),
        (r#","exp":1800000060"#, ""),
        (r#""exp":1800000060"#, r#""exp":-1"#),
        (r#""exp":1800000060"#, r#""exp":1e300"#),
        (r#""jti":"AAECAwQFBgcICQoLDA0ODw","#, ""),
        (r#""sub":"12""#, r#""sub":12"#),
    ] {
        let changed = said.replace(from, to);
        assert_ne!(changed, said);
        assert_eq!(
            checked(&sign_raw(&header, &changed)),
            Err(Fault::Malformed),
            "{to}"
        );
    }
    // What a newer server adds is passed over.
    let newer = said.replace(r#""sub":"12""#, r#""sub":"12","clan":"Red""#);
    assert_eq!(checked(&sign_raw(&header, &newer)), Ok(claims()));
}

#[test]
fn a_ticket_is_good_for_its_time_and_ten_seconds_around_it() {
    let ticket = key(1).sign(&claims());
    let at = |now| check(&ticket, &keys(&[&key(1)]), AUDIENCE, now);
    assert_eq!(at(NOW - 11), Err(Fault::NotYetValid));
    assert!(at(NOW - 10).is_ok() && at(NOW + 69).is_ok());
    assert_eq!(at(NOW + 70), Err(Fault::Expired));
    assert_eq!(at(u64::MAX), Err(Fault::Expired));
    assert_eq!(at(0), Err(Fault::NotYetValid));
}

#[test]
fn a_ticket_for_another_audience_is_refused_however_alike() {
    let ticket = key(1).sign(&claims());
    let to = |audience: &str| check(&ticket, &keys(&[&key(1)]), audience, NOW);
    assert!(to(AUDIENCE).is_ok());
    for other in [
        "arena",
        "arena.eu-1.test",
        "arena.eu-",
        "Arena.eu-1",
        "arena.eu-1 ",
        "",
    ] {
        assert_eq!(to(other), Err(Fault::WrongAudience), "{other}");
    }
}

#[test]
fn a_huge_ticket_is_refused_unread() {
    let claims = Claims {
        name: "a".repeat(MAX_TICKET_BYTES),
        ..claims()
    };
    assert_eq!(checked(&key(1).sign(&claims)), Err(Fault::Malformed));
    assert_eq!(checked(&"A".repeat(50_000_000)), Err(Fault::Malformed));
}

#[test]
fn a_ticket_is_used_once_and_remembered_until_it_ends() {
    let mut used = Used::at_most(2);
    let named = |jti: &str, exp| Claims {
        jti: jti.to_owned(),
        exp,
        ..claims()
    };
    let (one, two, three) = (
        named("1", NOW + 60),
        named("2", NOW + 90),
        named("3", NOW + 99),
    );
    assert_eq!(used.take(&one, NOW), Ok(()));
    assert_eq!(used.take(&one, NOW), Err(Fault::Used));
    assert_eq!(used.take(&two, NOW), Ok(()));
    // Full: it refuses what is new, and forgets nothing that is good still, leeway included.
    assert_eq!(used.take(&three, NOW + 69), Err(Fault::TooMany));
    assert_eq!(used.take(&one, NOW + 69), Err(Fault::Used));
    assert_eq!(used.take(&three, NOW + 70), Ok(()));
    assert_eq!(used.take(&two, NOW + 70), Err(Fault::Used));
}

#[test]
fn keys_of_other_kinds_are_passed_over_and_a_text_without_keys_is_told() {
    let public = jwks([&key(1)]);
    let inner = public
        .trim_start_matches(r#"{"keys":["#)
        .trim_end_matches("]}");
    let id = key(1).id().to_owned();
    // The first of a name counts, and nothing else is taken for a key.
    let other = jwks([&key(2)]).replace(key(2).id(), &id);
    let other = other
        .trim_start_matches(r#"{"keys":["#)
        .trim_end_matches("]}")
        .to_owned();
    let set = format!(
        r#"{{"keys":[{{"kty":"RSA","kid":"{id}","n":"AQAB","e":"AQAB"}},7,null,{{"kty":"oct","k":"AAAA","kid":"{id}"}},{inner},{other}],"more":1}}"#
    );
    let ticket = key(1).sign(&claims());
    let known = Keys::parse(&set).unwrap();
    assert_eq!(check(&ticket, &known, AUDIENCE, NOW), Ok(claims()));
    for none in ["", "{}", "[]", "null", r#"{"keys":{}}"#, "\u{0}"] {
        assert!(Keys::parse(none).is_err(), "{none}");
    }
    assert!(Keys::parse(&format!("{{\"keys\":[{}]}}", " ".repeat(70_000))).is_err());
    let empty = Keys::parse(r#"{"keys":[]}"#).unwrap();
    assert_eq!(
        check(&ticket, &empty, AUDIENCE, NOW),
        Err(Fault::UnknownKey)
    );
    // The neutral point: with it as the key, everybody could sign.
    let weak = Base64UrlUnpadded::encode_string(&{
        let mut point = [0; 32];
        point[0] = 1;
        point
    });
    let weak = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"{id}","x":"{weak}"}}]}}"#);
    let known = Keys::parse(&weak).unwrap();
    assert_eq!(
        check(&ticket, &known, AUDIENCE, NOW),
        Err(Fault::UnknownKey)
    );
}

/// Rubbish, and real ones with some of it in them: none is taken, and none panics.
#[test]
fn whatever_a_stranger_shows_is_refused() {
    let mut random = Rng::with_seed(7);
    let known = keys(&[&key(1)]);
    let real = key(1).sign(&claims());
    for _ in 0..20_000 {
        let mut bytes = match random.bool() {
            true => real.as_bytes().to_vec(),
            false => (0..random.usize(..200)).map(|_| random.u8(..)).collect(),
        };
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..=bytes.len());
            match random.u8(..4) {
                0 => bytes.insert(at, random.u8(..)),
                1 => bytes.truncate(at),
                2 => bytes.insert(at, random.choice(*b".\"{}AeyJ=-_").unwrap()),
                _ => bytes.extend_from_within(at..),
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        if text != real.as_str() {
            assert!(check(&text, &known, AUDIENCE, NOW).is_err(), "{text}");
        }
        let _ = Keys::parse(&text);
    }
}
