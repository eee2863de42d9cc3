//! What each sign looks like to a reader, worked out when it is seen for the first time.

use std::sync::OnceLock;

use longhall_packet::NameKeys;

/// Signs in a page of the table.
const PAGE: usize = 64;
/// Planes 0 to 3 have all letters there are. The table ends there, and so does its room: 8 MiB
/// if players show it every sign of them.
const END: usize = 0x4_0000;

/// What a sign is to a reader.
#[derive(Debug)]
pub(super) enum Seen {
    /// A part of a word.
    Letters(Box<str>),
    /// What stands between words.
    Gap,
    /// Nothing by itself.
    Nothing,
}

type Page = Box<[OnceLock<Seen>]>;

static PAGES: [OnceLock<Page>; END / PAGE] = [const { OnceLock::new() }; END / PAGE];

impl Seen {
    /// What `sign` is. The first look at a sign that is not ASCII takes 1 to 2 µs, each
    /// further one a few ns.
    pub(super) fn of(sign: char) -> &'static Self {
        let number = u32::from(sign) as usize;
        let Some(page) = PAGES.get(number / PAGE) else {
            // Tags, further variation selectors, and signs of private use.
            return if is_unseen(sign) {
                &Self::Nothing
            } else {
                &Self::Gap
            };
        };
        let page = page.get_or_init(|| (0..PAGE).map(|_| OnceLock::new()).collect());
        page[number % PAGE].get_or_init(|| look_at(sign))
    }
}

fn look_at(sign: char) -> Seen {
    if sign.is_ascii() {
        return ascii(sign);
    }
    let look = NameKeys::of(sign.encode_utf8(&mut [0; 4])).look;
    let letters: String = look
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .map(|letter| if letter == 'i' { 'l' } else { letter })
        .collect();
    match letters.is_empty() {
        false => Seen::Letters(letters.into()),
        true if is_unseen(sign) => Seen::Nothing,
        true => Seen::Gap,
    }
}

fn ascii(sign: char) -> Seen {
    match u8::try_from(sign).map_or(0, ascii_letter) {
        0 => Seen::Gap,
        // As look-alikes have it.
        b'm' => Seen::Letters("rn".into()),
        letter => Seen::Letters(char::from(letter).to_string().into()),
    }
}

/// The letter that a sign of ASCII is compared as; 0 for what stands between words.
const fn ascii_letter(sign: u8) -> u8 {
    match sign.to_ascii_lowercase() {
        b'0' => b'o',
        // They all look like an l somewhere.
        b'1' | b'!' | b'|' | b'i' => b'l',
        b'3' => b'e',
        b'4' | b'@' => b'a',
        b'5' | b'$' => b's',
        b'7' | b'+' => b't',
        letter if letter.is_ascii_alphanumeric() => letter,
        _ => 0,
    }
}

/// The same in a table, for texts that are looked at as a whole: nearly all are ASCII.
pub(super) const ASCII: [u8; 128] = {
    let mut letters = [0; 128];
    let mut sign = 0;
    while sign < letters.len() {
        letters[sign] = ascii_letter(sign as u8);
        sign += 1;
    }
    letters
};

/// Marks on letters, and signs that are not drawn at all.
fn is_unseen(sign: char) -> bool {
    matches!(sign,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{feff}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_every_sign_that_looks_like_a_letter() {
        for number in (END as u32..=0x10_ffff).step_by(7) {
            let Some(sign) = char::from_u32(number) else {
                continue;
            };
            assert!(!matches!(look_at(sign), Seen::Letters(_)), "{sign:?}");
        }
        for (sign, letters) in [('ѕ', "s"), ('M', "rn"), ('ﬀ', "ff"), ('語', "語")] {
            for _ in 0..2 {
                assert!(matches!(Seen::of(sign), Seen::Letters(seen) if **seen == *letters));
            }
        }
        assert!(matches!(Seen::of('\u{e0061}'), Seen::Nothing));
        assert!(matches!(Seen::of('\u{10fffd}'), Seen::Gap));
    }
}
