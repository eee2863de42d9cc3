//! What a text may hold that strangers are to read: nothing that leaves its row on their
//! screens, moves what others said, or hides in it. Drawn from Unicode TR 36 and 39, UAX 9
//! and 31; `docs/protocol.md` tells peers of it, under "What text may hold".

use unicode_normalization::char::canonical_combining_class;

use super::characters::{Pile, has_ink, is_invisible, is_layout_control, is_mark};
use crate::limits::{MAX_CHAT_MARKS, MAX_JOINED, MAX_STACKED, MAX_UNSEEN};

/// `﷽`: one character as wide as a row.
const BISMILLAH: char = '\u{FDFD}';
const BISMILLAH_IN_WORDS: &str = "بسم الله الرحمن الرحيم";
const BLACK_FLAG: char = '\u{1F3F4}';
const CANCEL_TAG: char = '\u{E007F}';
/// The flags that are written with tags: England, Scotland, Wales (Unicode's emoji, RGI).
const TAGGED_FLAGS: &[&str] = &["gbeng", "gbsct", "gbwls"];
/// Class of the signs that join consonants (UAX 44).
const VIRAMA: u8 = 9;

/// A text with what is too wide for a row in its words; as it is otherwise.
pub(super) fn in_words(text: &str) -> String {
    text.replace(BISMILLAH, BISMILLAH_IN_WORDS)
}

/// Goes along a text, sign by sign. All but the flag begins anew at each sign with ink.
#[derive(Default)]
pub(super) struct ScreenRule {
    pile: Pile,
    /// Signs without ink, spaces and variation selectors apart.
    unseen: usize,
    /// Variation selectors.
    selectors: usize,
    /// Marks around a letter.
    enclosing: usize,
    /// Letters that are joined to the one before, and those that stand below it.
    joined: usize,
    stacked: usize,
    is_joining: bool,
    /// Tags behind a black flag.
    flag: Option<String>,
}

impl ScreenRule {
    /// Whether the text may go on by `c`.
    pub(super) fn takes(&mut self, c: char) -> bool {
        if c.is_ascii() {
            // A number, a sign or a letter begins anew, a space does not.
            let is_over = self.flag_is_whole();
            self.flag = None;
            if c.is_ascii_graphic() {
                *self = Self::default();
            }
            return is_over && !c.is_ascii_control();
        }
        if c.is_control() || is_layout_control(c) || is_never_taken(c) {
            return false;
        }
        if is_tag(c) {
            return self.takes_tag(c);
        }
        if !self.flag_is_whole() {
            return false;
        }
        self.flag = (c == BLACK_FLAG).then(String::new);
        let marks = self.pile.add(c);
        if has_ink(c) && !is_mark(c) {
            if !std::mem::take(&mut self.is_joining) {
                (self.joined, self.stacked) = (0, 0);
            }
            (self.unseen, self.selectors, self.enclosing) = (0, 0, 0);
        } else if is_selector(c) {
            self.selectors += 1;
        } else if is_invisible(c) {
            self.unseen += 1;
        }
        self.enclosing += usize::from(is_enclosing(c));
        if is_mark(c) && canonical_combining_class(c) == VIRAMA {
            self.is_joining = true;
            self.joined += 1;
            self.stacked += usize::from(stacks_below(c));
        }
        self.stacked += usize::from(is_subjoined(c));
        marks <= MAX_CHAT_MARKS
            && self.unseen <= MAX_UNSEEN
            && self.selectors <= 1
            && self.enclosing <= 1
            && self.joined <= MAX_JOINED
            && self.stacked <= MAX_STACKED
    }

    /// Whether the text may end here.
    pub(super) fn may_end(&self) -> bool {
        self.flag_is_whole()
    }

    fn takes_tag(&mut self, c: char) -> bool {
        let Some(tags) = &mut self.flag else {
            return false;
        };
        if c == CANCEL_TAG {
            let is_known = TAGGED_FLAGS.contains(&tags.as_str());
            self.flag = None;
            return is_known;
        }
        // Tags are ASCII, moved up.
        tags.extend(u8::try_from(u32::from(c) & 0x7F).map(char::from));
        tags.len() <= 5
    }

    /// No tag waits for others.
    fn flag_is_whole(&self) -> bool {
        self.flag.as_ref().is_none_or(String::is_empty)
    }
}

/// Tags, which spell words that nobody sees.
fn is_tag(c: char) -> bool {
    matches!(c, '\u{E0000}'..='\u{E007F}')
}

/// Picks a form of the sign before; piled up, they carry words that nobody sees.
fn is_selector(c: char) -> bool {
    matches!(c,
        '\u{180B}'..='\u{180D}' | '\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Drawn around a letter, and larger than it. General category Me.
fn is_enclosing(c: char) -> bool {
    matches!(c,
        '\u{488}' | '\u{489}' | '\u{1ABE}' | '\u{20DD}'..='\u{20E0}' | '\u{20E2}'..='\u{20E4}'
        | '\u{A670}'..='\u{A672}')
}

/// Letters that stand below the one before: Tibetan.
fn is_subjoined(c: char) -> bool {
    matches!(c, '\u{F8D}'..='\u{FBC}')
}

/// Joins of scripts that draw the next consonant below: Telugu, Kannada, Myanmar, Khmer, Tai
/// Tham, Balinese, Sundanese, Javanese, Meetei Mayek, and the old ones beyond the BMP.
fn stacks_below(c: char) -> bool {
    matches!(
        c,
        '\u{C4D}'
            | '\u{CCD}'
            | '\u{1039}'
            | '\u{17D2}'
            | '\u{1A60}'
            | '\u{1B44}'
            | '\u{1BAB}'
            | '\u{A9C0}'
            | '\u{AAF6}'
            | '\u{10000}'..
    )
}

/// Signs that no line needs: old format controls and annotations, controls that pile up
/// hieroglyphs and music, noncharacters and signs of private use, which mean what the font of
/// the reader says, and cuneiform, which is as large as several rows.
fn is_never_taken(c: char) -> bool {
    matches!(c,
        '\u{206A}'..='\u{206F}' | '\u{E000}'..='\u{F8FF}' | '\u{FDD0}'..='\u{FDEF}'
        | '\u{FFF0}'..='\u{FFFC}' | '\u{12000}'..='\u{1254F}' | '\u{13430}'..='\u{1345F}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{F0000}'..)
        || u32::from(c) & 0xFFFE == 0xFFFE
}
