//! What characters are drawn as: marks, ink, and what turns a line around.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The marks that are drawn on one another: all since the last character that has
/// ink of its own. What has none, like a joiner or a space, holds no mark of its own
/// and begins no new pile.
#[derive(Default)]
pub(crate) struct Pile(usize);

impl Pile {
    /// Goes on by a character. Returns the marks in the pile then.
    pub(crate) fn add(&mut self, c: char) -> usize {
        if is_mark(c) {
            self.0 += 1;
        } else if has_ink(c) {
            self.0 = 0;
        }
        self.0
    }
}

/// Whether `c` counts as a letter and stands for a mark on a blank, as U+037A (a small
/// iota that is below nothing) does: keys of names are made of what letters stand for.
pub(super) fn is_mark_on_a_blank(c: char) -> bool {
    !c.is_ascii() && std::iter::once(c).nfkd().next() == Some(' ')
}

/// Takes off what cannot be seen at the ends of a name: spaces of any kind, what has
/// no ink, and what came along when the name was copied out of a text.
pub fn trim_unseen(text: &str) -> &str {
    text.trim_matches(|c: char| {
        let is_unseen =
            c.is_whitespace() || c.is_control() || is_invisible(c) || is_layout_control(c);
        !c.is_ascii_graphic() && is_unseen
    })
}

/// A character of full or half width (`Ａ`, `ｶ`) as the one it means; others as
/// they are.
pub(crate) fn in_usual_width(c: char) -> impl Iterator<Item = char> {
    let is_other = matches!(c, '\u{FF01}'..='\u{FFEE}');
    let same = (!is_other).then_some(c);
    let usual = is_other.then(|| std::iter::once(c).nfkc());
    same.into_iter().chain(usual.into_iter().flatten())
}

/// Whether `c` is a combining mark. Looks no letter up that cannot be one.
pub(crate) fn is_mark(c: char) -> bool {
    !c.is_ascii() && is_combining_mark(c)
}

/// Whether something is drawn for `c`.
pub(crate) fn has_ink(c: char) -> bool {
    c.is_ascii_graphic() || !(c.is_whitespace() || is_invisible(c))
}

/// Characters that have no ink of their own: Default_Ignorable_Code_Point of the
/// Unicode Character Database, the joiners, format controls of hieroglyphs,
/// noncharacters, and blanks that count as letters, marks or symbols.
pub(crate) fn is_invisible(c: char) -> bool {
    // Nearly every character there is; the channel of each line is looked at.
    if c.is_ascii() {
        return false;
    }
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}'
        | '\u{2800}' | '\u{3164}' | '\u{FDD0}'..='\u{FDEF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{FFFC}' | '\u{13430}'..='\u{13442}'
        | '\u{16FE4}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D159}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
        || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Characters that start a new line or turn the direction of what follows:
/// line and paragraph separators, bidirectional embeddings, overrides and
/// isolates (UAX #9), interlinear annotations.
pub(crate) fn is_layout_control(c: char) -> bool {
    matches!(c,
        '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        | '\u{FFF9}'..='\u{FFFB}')
}
