//! How the keys of a name are made.

use icu_casemap::CaseMapper;
use icu_properties::CodePointSetData;
use icu_properties::props::SoftDotted;
use unicode_bidi::{BidiClass, BidiInfo, bidi_class};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;
use unicode_security::skeleton;

use super::NameKeys;
use crate::text::is_mark;

const DOT_ABOVE: char = '\u{307}';
/// Rounds after which a look is taken as it is. Two do for nearly every name.
const MAX_ROUNDS: usize = 6;

impl NameKeys {
    /// The keys of a name as registered, also of one that today's
    /// [`Username`](crate::Username) would not take any more.
    pub fn of(name: &str) -> Self {
        let seen = in_visual_order(&in_plain_letters(name));
        Self {
            name: Self::name_of(name),
            look: look(&seen),
            // A capital that looks like an i is an I, which looks like an l.
            capitals: look(&without_doubled_marks(&seen.to_uppercase())).replace('i', "l"),
        }
    }

    /// The key [`name`](Self::name) alone, of a name as registered: a small part of the
    /// work.
    pub fn name_of(name: &str) -> String {
        if name.is_ascii() {
            return name.to_ascii_lowercase();
        }
        let compatible: String = name.nfkc().collect();
        // Twice, because normalising may bring back characters that fold.
        fold(&fold(&compatible))
    }
}

/// The compatible form (NFKC), but of letters that are drawn like another Latin one
/// that one: `ϲ` is a sigma and `ſ` an s, seen as `c` and `f`.
fn in_plain_letters(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for c in name.nfd() {
        let is_compatible = !c.is_ascii() && !std::iter::once(c).nfkc().eq([c]);
        let drawn = is_compatible.then(|| skeleton(c.encode_utf8(&mut [0; 4])).collect::<String>());
        match drawn.filter(|drawn| drawn.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
            Some(drawn) => plain.push_str(&drawn),
            None => plain.push(c),
        }
    }
    plain.nfkc().collect()
}

fn fold(text: &str) -> String {
    // A small iota below a letter becomes a letter: the marks must be in order before.
    let apart: String = text.nfd().collect();
    CaseMapper::new().fold_string(&apart).nfkc().collect()
}

/// What is left of a text when letters and marks that look alike are one. Folding
/// may bring back letters that look like others, so it goes on until nothing
/// changes.
fn look(text: &str) -> String {
    let mut look = text.to_owned();
    for _ in 0..MAX_ROUNDS {
        let prototypes: String = skeleton(&look).map(seen_mark).nfd().collect();
        let next = fold(&without_unseen_marks(&prototypes));
        if next == look {
            break;
        }
        look = next;
    }
    look
}

/// A mark on one that looks the same is drawn over it by many fonts. Others draw the
/// two side by side, like `ő` for two acutes: that is left to the other key.
fn without_doubled_marks(text: &str) -> String {
    let mut last = None;
    let is_news = |c: &char| {
        let look = is_mark(*c).then(|| mark_look(*c));
        let is_doubled = look.is_some() && look == last;
        last = look;
        !is_doubled
    };
    text.nfd().filter(is_news).collect()
}

fn mark_look(mark: char) -> String {
    let prototype = skeleton(mark.encode_utf8(&mut [0; 4])).collect::<String>();
    prototype.chars().map(seen_mark).collect()
}

/// Takes away the marks that change next to nothing on the screen: a dot above a
/// letter that has one anyway, and what stands on `-` and `_`, which need no marks.
///
/// The text is decomposed (NFD): marks on one letter stand in their order.
fn without_unseen_marks(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let (mut letter, mut is_bare) = (None, true);
    for c in text.chars() {
        if is_mark(c) {
            let has_dot = is_bare && letter.is_some_and(is_dotted);
            if matches!(letter, Some('-' | '_')) || (c == DOT_ABOVE && has_dot) {
                continue;
            }
            // What has a mark above it has no dot, and the next mark goes on top.
            is_bare &= !matches!(canonical_combining_class(c), 0 | 230);
        } else {
            (letter, is_bare) = (Some(c), true);
        }
        shown.push(c);
    }
    shown
}

/// Whether a dot above `c` is no news: it has one of its own, or would have in
/// lower case (`İ`), or looks like the letter that has (`ı`; `l` is what all that
/// look like a capital I have become).
fn is_dotted(c: char) -> bool {
    let soft_dotted = CodePointSetData::new::<SoftDotted>();
    let mut lower = c.to_lowercase();
    matches!(c, 'l' | 'ı' | 'ȷ') || lower.any(|c| soft_dotted.contains(c))
}

/// The mark that `c` is drawn like, beyond what UTS #39 says.
fn seen_mark(c: char) -> char {
    match c {
        // Turned commas, of the size of a dot.
        '\u{312}' | '\u{314}' => '\u{313}',
        // A dot a little to the left.
        '\u{1df8}' => DOT_ABOVE,
        c => c,
    }
}

/// The letters as they are seen from left to right (UAX #9), each before its marks:
/// `aא1` and `a1א` are seen as the same.
fn in_visual_order(name: &str) -> String {
    let is_right_to_left =
        |c| matches!(bidi_class(c), BidiClass::R | BidiClass::AL | BidiClass::AN);
    if name.is_ascii() || !name.chars().any(is_right_to_left) {
        return name.to_owned();
    }
    let bidi = BidiInfo::new(name, None);
    // Letters with their marks: those stay behind them.
    let starts: Vec<usize> = name
        .char_indices()
        .filter(|&(at, c)| at == 0 || !is_mark(c))
        .map(|(at, _)| at)
        .collect();
    let levels: Vec<_> = starts.iter().map(|&at| bidi.levels[at]).collect();
    let ends = starts.iter().skip(1).copied().chain([name.len()]);
    let letters: Vec<&str> = starts
        .iter()
        .zip(ends)
        .map(|(&at, end)| &name[at..end])
        .collect();
    let order = BidiInfo::reorder_visual(&levels);
    order.into_iter().map(|index| letters[index]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Username;

    fn keys(name: &str) -> NameKeys {
        Username::parse(name).unwrap().keys()
    }

    #[test]
    fn one_name_in_another_case_or_unicode_form_is_the_same_name() {
        for (a, b) in [
            ("ada", "ADA"),
            ("straße", "STRASSE"),
            ("ａｄａ", "ada"),
            ("Ελένης", "ΕΛΈΝΗΣ"),
            ("𝐚𝐝𝐚", "ada"),
        ] {
            assert_eq!(keys(a).name, keys(b).name, "{a} {b}");
        }
    }

    #[test]
    fn names_that_look_alike_share_their_look() {
        for (a, b) in [
            ("ada", "аdа"),
            ("Ian", "lan"),
            ("Bill", "Bi11"),
            ("Bob", "Вob"),
            ("noob", "n00b"),
            ("modern", "rnodern"),
            ("scope", "sϲope"),
            ("SCOPE", "SϹOPE"),
            ("frank", "ſrank"),
            ("firft", "firﬅ"),
            ("ADA", "АDА"),
        ] {
            assert_eq!(keys(a).look, keys(b).look, "{a} {b}");
        }
    }

    #[test]
    fn names_that_look_alike_in_capitals_share_that_look() {
        for (a, b) in [
            ("admin", "ADMlN"),
            ("admin", "adm1n"),
            ("ian", "lAN"),
            ("bob", "вob"),
        ] {
            assert_eq!(keys(a).capitals, keys(b).capitals, "{a} {b}");
            assert!(keys(a).overlaps(&keys(b)), "{a} {b}");
        }
    }

    #[test]
    fn names_that_differ_stay_different() {
        for (a, b) in [
            ("ada", "adam"),
            ("bob", "rob"),
            ("ян-", "na-"),
            ("ada_", "ada-"),
            ("élan", "elan"),
            ("naïve", "naive"),
            ("naïve", "nai\u{307}ve"),
            ("aí\u{307}a", "aía"),
            ("ṅina", "nina"),
            ("őda", "óda"),
            ("đuro", "duro"),
            ("Michał", "Michal"),
        ] {
            assert!(!keys(a).overlaps(&keys(b)), "{a} {b}");
        }
    }

    #[track_caller]
    fn check_alike(a: &str, b: &str) {
        let keys = |name: &str| Username::parse(name).unwrap().keys();
        let (a, b) = (keys(a), keys(b));
        assert!(a.overlaps(&b), "{a:?} {b:?}");
    }

    #[test]
    fn a_dot_above_a_letter_that_has_one_is_not_seen() {
        let soft_dotted = CodePointSetData::new::<SoftDotted>();
        let ranges = soft_dotted.iter_ranges();
        let all: Vec<char> = ranges.flatten().filter_map(char::from_u32).collect();
        assert!(all.len() >= 40 && all.contains(&'і') && all.contains(&'ɨ'));
        for c in all {
            // Others that do not draw over the dot may stand between.
            for between in ["", "\u{323}", "\u{328}", "\u{335}", "\u{327}\u{331}"] {
                for dot in ["\u{307}", "\u{358}", "\u{1df8}", "\u{307}\u{307}"] {
                    let (plain, dotted) =
                        (format!("ab{c}{between}x"), format!("ab{c}{between}{dot}x"));
                    if let Ok(dotted) = Username::parse(&dotted) {
                        assert!(
                            dotted.keys().overlaps(&NameKeys::of(&plain)),
                            "{c:?} {between:?} {dot:?}"
                        );
                    }
                    // As it comes: the dot first, and in capitals.
                    let other = NameKeys::of(&format!("ab{c}{dot}{between}x").to_uppercase());
                    assert!(
                        other.overlaps(&NameKeys::of(&plain)),
                        "{c:?} {between:?} {dot:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn names_with_a_dot_that_is_not_seen_are_taken() {
        for (a, b) in [
            ("admin", "admi\u{307}n"),
            ("Iris", "lri\u{307}s"),
            ("Iris", "İris"),
            ("İris", "\u{4c0}\u{307}ris"),
            ("jim", "j\u{307}im"),
            ("jim", "J\u{307}im"),
            ("admin", "admı\u{307}n"),
            ("jim", "ȷ\u{307}im"),
            ("admin", "adm\u{456}\u{307}n"),
            ("viet", "vi\u{307}et"),
            ("kị-na", "ki\u{323}\u{307}-na"),
            ("įvas", "\u{12f}\u{307}vas"),
            ("ADMIN", "ADMİN"),
        ] {
            check_alike(a, b);
        }
    }

    #[test]
    fn marks_that_are_drawn_the_same_are_one() {
        for (a, b) in [
            ("o\u{307}na", "o\u{358}na"),
            ("a\u{312}da", "a\u{313}da"),
            ("a\u{315}da", "a\u{313}da"),
            ("ἁda", "ἀda"),
            ("ꙆDA", "ƖDA"),
            ("ada\u{300}", "ada\u{340}"),
            ("ada\u{301}", "ada\u{341}"),
            ("an\u{303}a", "an\u{342}a"),
            ("áda", "á\u{301}da"),
            ("áda", "a\u{301}\u{341}da"),
            ("őda", "o\u{301}\u{301}da"),
            ("a-b", "a-\u{335}b"),
            ("a_b", "a_\u{332}b"),
            ("a_b", "a_\u{32f}b"),
            ("āda", "a\u{304}\u{305}da"),
            ("x\u{307}da", "x\u{307}\u{358}da"),
            ("ad\u{323}\u{307}a", "ad\u{307}\u{323}a"),
        ] {
            check_alike(a, b);
        }
    }

    #[test]
    fn names_are_compared_in_the_order_in_which_they_are_seen() {
        for (a, b) in [("aא1", "a1א"), ("aא12", "a12א")] {
            check_alike(a, b);
        }
        let keys = |name: &str| Username::parse(name).unwrap().keys();
        assert!(!keys("שלום").overlaps(&keys("םולש")));
        assert!(keys("שלום").overlaps(&keys("שלום")));
    }

    #[test]
    fn every_letter_is_like_what_it_is_said_to_look_like() {
        // Like letters of the Canadian syllabics, but small letters to readers.
        let superscripts = "ʳˡˢˤᴾᶺᶻ";
        for c in '\u{80}'..='\u{2fff}' {
            let Ok(name) = Username::parse(&format!("ab{c}x")) else {
                continue;
            };
            let keys = name.keys();
            assert_eq!(look(&keys.look), keys.look, "{c:?}");
            let prototype: String = skeleton(&c.to_string()).collect();
            let cases = [c.to_lowercase().collect(), c.to_uppercase().collect()];
            let is_letters = prototype.chars().all(char::is_alphabetic);
            // Several letters seen from the right are another thing than one.
            let is_one = bidi_class(c) == BidiClass::L || prototype.chars().count() == 1;
            // ² and the like are their numbers, whatever else they look like.
            let is_alike = is_letters && is_one && !c.is_numeric() && !superscripts.contains(c);
            for other in cases.into_iter().chain(is_alike.then_some(prototype)) {
                let other = NameKeys::of(&format!("ab{other}x"));
                assert!(keys.overlaps(&other), "{c:?} {keys:?} {other:?}");
            }
        }
    }
}
