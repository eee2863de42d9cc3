//! Names and texts of players, and the keys by which two names are the same.

use longhall_packet::{
    ChannelName, ChatText, Password, PresenceText, Target as Recipient, Topic, Username,
};

/// A text as everything that a player can type.
pub(crate) fn names(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Ok(name) = Username::parse(text) {
        assert_eq!(Username::parse(name.as_str()).as_ref(), Ok(&name));
        check_keys(&name);
    }
    if let Ok(name) = ChannelName::parse(text) {
        assert_eq!(ChannelName::parse(name.as_str()), Ok(name));
    }
    if let Ok(target) = Recipient::parse(text) {
        assert_eq!(Recipient::parse(&target.to_string()), Ok(target));
    }
    if let Ok(said) = ChatText::parse(text) {
        assert_eq!(ChatText::parse(said.as_str()), Ok(said));
    }
    if let Ok(topic) = Topic::parse(text) {
        assert_eq!(Topic::parse(topic.as_str()), Ok(topic));
    }
    if let Ok(presence) = PresenceText::parse(text) {
        assert_eq!(PresenceText::parse(presence.as_str()), Ok(presence));
    }
    if let Ok(password) = Password::parse(text) {
        let again = Password::parse(password.expose()).expect("it was taken once");
        assert!(again.expose() == password.expose(), "a password changed");
    }
}

/// However a name is written, it is the same account.
fn check_keys(name: &Username) {
    let keys = name.keys();
    for key in [&keys.name, &keys.look, &keys.capitals] {
        assert!(!key.is_empty() && key.len() <= 2000, "{name}: {keys:?}");
    }
    assert!(keys.overlaps(&keys));
    let name = name.as_str();
    // Not in capitals: those of `ı` are the ones of `i`, which is another letter.
    for written in [name.to_lowercase(), keys.name.clone()] {
        if let Ok(same) = Username::parse(&written) {
            let others = same.keys();
            assert_eq!(keys.name, others.name, "{name} and {same}");
        }
    }
}
