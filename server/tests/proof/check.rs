//! What must be true of what all players wrote down.

use std::collections::BTreeMap;

use crate::player::{Heard, Notes, Player};
use crate::talk::CHANNELS;

/// What must be true of what all players wrote down.
pub(crate) fn check(all: &BTreeMap<String, Notes>) {
    for channel in CHANNELS {
        let reference = &all["Ada"].heard[*channel];
        for (number, heard) in reference.iter().enumerate() {
            let expected = reference[0].seq + number as u64;
            assert_eq!(heard.seq, expected, "Ada in {channel}: a hole or a double");
        }
        for (name, notes) in all {
            let heard = &notes.heard[*channel];
            let from = reference.iter().position(|line| line.seq == heard[0].seq);
            let from = from.unwrap_or_else(|| panic!("{name} heard what Ada did not"));
            // A player who came later has not heard the first lines.
            expect_same(&format!("{name} in {channel}"), heard, &reference[from..]);
        }
    }
    for (name, notes) in all {
        let before = notes.older.values().flatten().count();
        assert_eq!(before, 0, "{name} was there from the first line");
        let mut texts: Vec<_> = notes.posted.iter().map(|(_, _, text)| text).collect();
        texts.sort();
        texts.dedup();
        assert_eq!(
            texts.len(),
            notes.posted.len(),
            "{name}: one text, two numbers"
        );
        for (place, seq, text) in &notes.posted {
            let mine = |heard: &&Heard| heard.sender == *name && heard.text == *text;
            let found: Vec<_> = notes.heard[place].iter().filter(mine).collect();
            assert_eq!(found.len(), 1, "{name} in {place}: {text}");
            assert_eq!(found[0].seq, *seq, "{name} in {place}: {text}");
            // Everybody in a channel has heard the same as the sender. The
            // recipient of a whisper has heard it once too.
            if let Some(other) = place.strip_prefix('@') {
                let heard = &all[other].heard[&format!("@{name}")];
                assert_eq!(heard.iter().filter(mine).count(), 1, "{other}: {text}");
            }
        }
        // A refused line may have been written all the same, but once.
        for (place, text) in &notes.doubtful {
            let mine = |heard: &&Heard| heard.sender == *name && heard.text == *text;
            let heard = notes.heard.get(place).into_iter().flatten();
            assert!(heard.filter(mine).count() <= 1, "{name} in {place}: {text}");
        }
        // The two sides of a conversation agree on its order.
        for (place, heard) in &notes.heard {
            let Some(other) = place.strip_prefix('@') else {
                continue;
            };
            let texts = |heard: &[Heard]| -> Vec<String> {
                heard.iter().map(|line| line.text.clone()).collect()
            };
            let theirs = &all[other].heard[&format!("@{name}")];
            assert_eq!(texts(heard), texts(theirs), "{name} and {other}");
            assert!(
                heard.is_sorted_by(|a, b| a.seq < b.seq),
                "{name} and {other}"
            );
        }
    }
}

/// Says where two differ, as they are thousands of lines long.
fn expect_same(who: &str, heard: &[Heard], reference: &[Heard]) {
    let differs = heard.iter().zip(reference).position(|(a, b)| a != b);
    if let Some(at) = differs {
        panic!(
            "{who}: {:?} is where Ada heard {:?}",
            heard[at], reference[at]
        );
    }
    assert_eq!(
        heard.len(),
        reference.len(),
        "{who}: lines heard, and by Ada"
    );
}

/// A player who comes when all is over, and enters the lobby alone, finds in the store what all
/// have heard.
pub(crate) async fn check_history(mut late: Player, all: &BTreeMap<String, Notes>) {
    for channel in CHANNELS {
        if *channel != "lobby" {
            late.join(channel, false).await;
        }
        late.scroll_up(channel).await;
        let found = &late.notes.older[*channel];
        assert_eq!(found[0].seq, 1, "{channel} from its first line");
        let heard = &all["Ada"].heard[*channel];
        assert!(
            found.ends_with(heard),
            "{channel}: the store and the players differ"
        );
    }
}
