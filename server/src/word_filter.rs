//! Words that are not to be read: masked in what is said to many, and refused in names.
//!
//! A word is found whatever its letters are drawn with: capitals, look-alikes (`ѕpam`,
//! `$p4m`), marks (`s̈pam`), letters that are repeated (`spaaam`) or set apart (`s p a m`). It
//! is a word of its own, so that a list with `ass` leaves `class` alone; `ass*` and `*ass*`
//! mean parts of words as well.

mod looks;

use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::AhoCorasick;
// The operator's list alone is put in, so nobody can have its entries collide.
use rustc_hash::FxHashSet as HashSet;
use tokio::time::sleep;
use tracing::{info, warn};

use crate::name_list;
use crate::server::Server;
use looks::Seen;

/// Longest entry, in letters as they are compared. No word of players' is longer.
const MAX_LETTERS: usize = 40;
/// Shortest entry that is looked for anywhere in a name, which has no spaces.
const LETTERS_IN_A_NAME: usize = 4;

/// The words of a list, as they are compared.
#[derive(Debug, Default)]
pub(crate) struct Words {
    whole: HashSet<String>,
    beginnings: HashSet<String>,
    parts: HashSet<String>,
    /// Finds any of the parts in one go through a word, however long it is.
    any_part: Option<AhoCorasick>,
    /// What all of them begin with: letters that are set apart and begin none end the search.
    starts: HashSet<String>,
}

/// A word of a text: its letters as they are compared, and where it is.
struct Word {
    letters: Letters,
    at: Range<usize>,
    /// How many signs it has: one is a letter that may be set apart.
    signs: usize,
}

/// Letters as they are compared. `spaaam` is `spam`, and `asss` is `ass` but not `as`.
#[derive(Clone, Default)]
struct Letters {
    /// None of them more than twice in a row.
    all: String,
    /// None of them twice in a row.
    once: String,
    /// The last sign's, and how often it was there.
    last: &'static str,
    in_a_row: usize,
}

impl Letters {
    fn push(&mut self, letters: &'static str) {
        if self.last != letters {
            self.last = letters;
            self.in_a_row = 0;
            self.once.push_str(letters);
        }
        self.in_a_row += 1;
        if self.in_a_row <= 2 {
            self.all.push_str(letters);
        }
    }

    fn of(text: &str) -> Self {
        let mut joined = Self::default();
        for sign in text.chars() {
            if let Seen::Letters(letters) = Seen::of(sign) {
                joined.push(letters);
            }
        }
        joined
    }

    /// In both ways, for a comparison.
    fn any(&self, is_word: impl Fn(&str) -> bool) -> bool {
        is_word(&self.all) || (self.once.len() < self.all.len() && is_word(&self.once))
    }
}

impl Words {
    /// The entries of a file's lines.
    pub(crate) fn parse(text: &str) -> Self {
        let (mut words, mut starts) = (Self::default(), HashSet::default());
        for (number, line) in (1..).zip(text.lines()) {
            let Some(entry) = name_list::entry(line) else {
                continue;
            };
            let (entry, is_part) = match entry.strip_prefix('*') {
                Some(rest) => (rest.trim_end_matches('*'), true),
                None => (entry, false),
            };
            let (entry, is_beginning) = match entry.strip_suffix('*') {
                Some(rest) => (rest, true),
                None => (entry, false),
            };
            let letters = Letters::of(entry).all;
            let count = letters.chars().count();
            if !(2..=MAX_LETTERS).contains(&count) {
                warn!(line = number, "no word of 2 to {MAX_LETTERS} letters");
                continue;
            }
            let kind = match (is_part, is_beginning) {
                (true, _) => &mut words.parts,
                (false, true) => &mut words.beginnings,
                (false, false) => &mut words.whole,
            };
            starts.extend(beginnings_of(&letters).map(str::to_owned));
            kind.insert(letters);
        }
        words.starts = starts;
        if !words.parts.is_empty() {
            // It fails for lists of many millions of letters alone.
            match AhoCorasick::new(&words.parts) {
                Ok(parts) => words.any_part = Some(parts),
                Err(cause) => warn!(%cause, "the parts of words are too many to look for"),
            }
        }
        words
    }

    /// How many there are.
    fn len(&self) -> usize {
        self.whole.len() + self.beginnings.len() + self.parts.len()
    }

    /// A text with a star for each sign of the words in it; `None` when there are none.
    pub(crate) fn masked(&self, text: &str) -> Option<String> {
        if self.len() == 0 {
            return None;
        }
        let found = self.found(text);
        if found.is_empty() {
            return None;
        }
        let mut masked = String::with_capacity(text.len());
        let mut from = 0;
        for at in found {
            masked.push_str(&text[from..at.start]);
            masked.extend(text[at.clone()].chars().map(|_| '*'));
            from = at.end;
        }
        masked.push_str(&text[from..]);
        Some(masked)
    }

    /// Whether a name has one in it: as a word, or the longer ones anywhere.
    pub(crate) fn is_in_name(&self, name: &str) -> bool {
        if self.len() == 0 {
            return false;
        }
        let is_long = |part: &str| part.chars().count() >= LETTERS_IN_A_NAME;
        let is_word = |part: &str| self.whole.contains(part) || self.beginnings.contains(part);
        !self.found(name).is_empty()
            || Letters::of(name)
                .any(|letters| parts_of(letters).any(|part| is_long(part) && is_word(part)))
    }

    /// Where they are, from left to right and apart from each other.
    fn found(&self, text: &str) -> Vec<Range<usize>> {
        let words = words_of(text);
        let mut found = Vec::new();
        let mut next = 0;
        while let Some(word) = words.get(next) {
            let apart = words[next..].iter().take_while(|word| word.signs == 1);
            let apart = apart.take(MAX_LETTERS).count();
            if let Some(count) = self.set_apart(&words[next..next + apart]) {
                found.push(word.at.start..words[next + count - 1].at.end);
                next += count;
                continue;
            }
            found.extend(self.whole_word(text, word));
            next += 1;
        }
        found
    }

    /// Where it is, if it is one: with signs at its ends as letters, as in `$pam`, or as what
    /// they are mostly, as in `spam!`.
    fn whole_word(&self, text: &str, word: &Word) -> Option<Range<usize>> {
        if word.letters.any(|letters| self.is_word(letters)) {
            return Some(word.at.clone());
        }
        let is_sign = |sign: char| sign.is_ascii_punctuation();
        let shown = &text[word.at.clone()];
        let cut = shown.trim_start_matches(is_sign);
        let start = word.at.end - cut.len();
        let cut = cut.trim_end_matches(is_sign);
        let is_word =
            cut.len() < shown.len() && Letters::of(cut).any(|letters| self.is_word(letters));
        is_word.then(|| start..start + cut.len())
    }

    fn is_word(&self, letters: &str) -> bool {
        self.whole.contains(letters)
            || (!self.beginnings.is_empty()
                && beginnings_of(letters).any(|part| self.beginnings.contains(part)))
            || (self.any_part.as_ref()).is_some_and(|parts| parts.is_match(letters))
    }

    /// How many letters that are set apart are a word together.
    fn set_apart(&self, letters: &[Word]) -> Option<usize> {
        let mut joined = Letters::default();
        let mut longest = None;
        let all = [&self.whole, &self.beginnings, &self.parts];
        for (count, word) in (1..).zip(letters) {
            joined.push(word.letters.last);
            if !joined.any(|letters| self.starts.contains(letters)) {
                break;
            }
            let is_word = |letters: &str| all.iter().any(|words| words.contains(letters));
            if count > 1 && joined.any(is_word) {
                longest = Some(count);
            }
        }
        longest
    }
}

/// What a text looks like as a whole, to compare it with another: its letters, without case,
/// spaces and punctuation, and its other signs; where it has neither, as it is.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a>(&'a str);

impl<'a> Look<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self(text)
    }
}

impl Hash for Look<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut letters = Gathered::default();
        let mut is_empty = true;
        for sign in self.0.chars() {
            match looks::ASCII.get(sign as usize) {
                // They end a sentence more often than they stand for a letter.
                Some(_) if matches!(sign, '!' | '|' | '+') => continue,
                Some(0) => continue,
                Some(b'm') => letters.add(b"rn", state),
                Some(letter) => letters.add(&[*letter], state),
                None => match Seen::of(sign) {
                    Seen::Letters(seen) => letters.add(seen.as_bytes(), state),
                    Seen::Gap if !sign.is_whitespace() => {
                        letters.add(&u32::from(sign).to_ne_bytes(), state);
                    }
                    Seen::Gap | Seen::Nothing => continue,
                },
            }
            is_empty = false;
        }
        state.write(&letters.bytes[..letters.count]);
        if is_empty {
            self.0.hash(state);
        }
    }
}

/// Letters on their way to a hasher, which takes many as fast as one.
struct Gathered {
    bytes: [u8; 64],
    count: usize,
}

impl Default for Gathered {
    fn default() -> Self {
        Self {
            bytes: [0; 64],
            count: 0,
        }
    }
}

impl Gathered {
    fn add(&mut self, letters: &[u8], state: &mut impl Hasher) {
        for letter in letters {
            self.bytes[self.count] = *letter;
            self.count += 1;
            if self.count == self.bytes.len() {
                state.write(&self.bytes);
                self.count = 0;
            }
        }
    }
}

/// Each part of a text from its beginning on.
fn beginnings_of(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.char_indices().map(|(at, sign)| at + sign.len_utf8());
    ends.take(MAX_LETTERS).map(|end| &text[..end])
}

/// Each part of a text.
fn parts_of(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.char_indices().map(|(at, _)| at);
    starts.flat_map(|start| beginnings_of(&text[start..]))
}

/// The words of a text.
fn words_of(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut is_open = false;
    for (at, sign) in text.char_indices() {
        let end = at + sign.len_utf8();
        match Seen::of(sign) {
            // A mark on a letter, or nothing that is seen.
            Seen::Nothing => {
                if let Some(word) = words.last_mut().filter(|_| is_open) {
                    word.at.end = end;
                }
            }
            Seen::Gap => is_open = false,
            Seen::Letters(letters) => {
                if !is_open {
                    words.push(Word {
                        letters: Letters::default(),
                        at: at..end,
                        signs: 0,
                    });
                    is_open = true;
                }
                if let Some(word) = words.last_mut() {
                    word.letters.push(letters);
                    word.signs += 1;
                    word.at.end = end;
                }
            }
        }
    }
    words
}

/// Looks at the file now and then.
pub(crate) async fn watch(server: Arc<Server>) {
    let mut was_readable = true;
    loop {
        let period = server.settings().names.ban_interval;
        sleep(period).await;
        let reader = Arc::clone(&server);
        let refreshed = tokio::task::spawn_blocking(move || reader.words.refresh()).await;
        let Ok(refreshed) = refreshed else { continue };
        match &refreshed {
            Ok(Some(_)) => info!(words = server.words.now().len(), "blocked words read"),
            Ok(None) => {}
            // Once; a file that is being replaced is there again soon.
            Err(cause) if was_readable => warn!(%cause, "the blocked words stay as they were"),
            Err(_) => {}
        }
        was_readable = refreshed.is_ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(list: &str, text: &str) -> String {
        let masked = Words::parse(list).masked(text);
        masked.unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn a_word_is_masked_however_it_is_written_and_nothing_beside_it() {
        for (text, expected) in [
            ("no spam here", "no **** here"),
            ("SPAM! Spam.", "****! ****."),
            ("ѕраm", "****"),
            ("$p4m @spam !spam!", "**** @**** !****!"),
            ("spaam spaaaam", "***** *******"),
            ("s p a m", "*******"),
            ("s.p.a.m, please", "*******, please"),
            ("s  p a a m", "**********"),
            ("s\u{308}pam", "*****"),
            ("s\u{200b}p\u{ad}am", "******"),
            ("ｓｐａｍ", "****"),
            ("spam spam", "**** ****"),
            // Words of their own stay.
            ("spammer, antispam", "spammer, antispam"),
            ("a s p", "a s p"),
            ("as pam", "as pam"),
            ("", ""),
        ] {
            assert_eq!(masked("spam", text), expected, "{text}");
        }
    }

    #[test]
    fn stars_in_the_list_mean_parts_of_words() {
        assert_eq!(masked("spam*", "spammer antispam"), "******* antispam");
        assert_eq!(masked("*spam*", "spammer antispam"), "******* ********");
        assert_eq!(masked("*spam", "antispammer"), "***********");
        assert_eq!(masked("ass", "as class assess ass"), "as class assess ***");
        assert_eq!(masked("ass", "asssss a s s"), "****** *****");
    }

    #[test]
    fn a_list_has_remarks_and_its_slips_do_no_harm() {
        let list = "\u{feff}# rude\nspam # as mail\n\n*\nx\n...\nbuy gold\n";
        assert_eq!(Words::parse(list).len(), 2);
        assert_eq!(masked(list, "spam x ..."), "**** x ...");
        assert_eq!(masked("buy gold", "buygold"), "*******");
        assert_eq!(masked("", "spam"), "spam");
    }

    #[test]
    fn names_are_looked_through_as_they_have_no_spaces() {
        let words = Words::parse("spam\nass\n*rude*");
        for name in ["spam", "xXspamXx", "Spam_Lord", "sp4mmy", "ass", "so_rude2"] {
            assert!(words.is_in_name(name), "{name}");
        }
        for name in ["Cassandra", "Ada", "Grass"] {
            assert!(!words.is_in_name(name), "{name}");
        }
    }

    #[test]
    fn any_text_is_looked_through_in_time_and_keeps_its_length_in_signs() {
        let words = Words::parse("spam\n*ab*\ncd*");
        let texts = [
            "a ".repeat(250),
            "é".repeat(500),
            "ﷺ".repeat(500),
            "\u{e0041}".repeat(500),
            "s\u{308}".repeat(250),
            "mW1|".repeat(125),
        ];
        for text in texts {
            if let Some(masked) = words.masked(&text) {
                assert_eq!(masked.chars().count(), text.chars().count());
            }
        }
    }
}
