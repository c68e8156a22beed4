//! What can be printed: any text as characters that the fonts have, in pieces that fit a line.

use crate::world::has_glyph;
use unicode_normalization::char::is_combining_mark;

/// Characters of a word that may stand together on a line. The narrowest column of any paper
/// holds that many of the widest letters.
const PIECE_CHARS: usize = 12;

/// A text as it is printed: white space in runs of one space, and `[U+XXXX]` for every
/// character that the fonts do not have or that cannot be seen.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        for c in word.chars() {
            if is_visible(c) && has_glyph(c) {
                out.push(c);
            } else {
                out.push_str(&format!("[U+{:04X}]", u32::from(c)));
            }
        }
    }
    out
}

/// False for characters without a shape of their own: controls, marks of direction, joiners,
/// selectors, fillers and tags (Unicode, `Default_Ignorable_Code_Point`), and private use.
fn is_visible(c: char) -> bool {
    !c.is_control()
        && !matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F
            | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0xE000..=0xF8FF | 0x1BCA0..=0x1BCA3
            | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF | 0xF0000..=0x10_FFFF)
}

/// A printable text in pieces. A line may break at the spaces within a piece and between pieces;
/// a piece but the first is either the next part of a long word, or begins with the space after
/// one. A mark stays with the letter that carries it.
pub(crate) fn pieces(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let (mut piece, mut since_space, mut is_cut) = (String::new(), 0, false);
    for c in text.chars() {
        if c == ' ' {
            if is_cut {
                out.push(std::mem::take(&mut piece));
            }
            (since_space, is_cut) = (0, false);
        } else if since_space >= PIECE_CHARS && !is_combining_mark(c) {
            out.push(std::mem::take(&mut piece));
            (since_space, is_cut) = (1, true);
        } else {
            since_space += 1;
        }
        piece.push(c);
    }
    out.push(piece);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_fonts_have_is_printed_as_it_is() {
        for text in
            ["Ana Núñez", "Đặng Thị Ánh", "Ольга", "Ελένη", "O’Brien – Smith", "#let x = 1; $x$"]
        {
            assert_eq!(printable(text), text);
        }
    }

    #[test]
    fn what_they_lack_is_printed_as_its_code_point() {
        assert_eq!(printable("王 Wang"), "[U+738B] Wang");
        assert_eq!(printable("a\u{202E}b\u{0}c\u{1F600}"), "a[U+202E]b[U+0000]c[U+1F600]");
    }

    #[test]
    fn white_space_becomes_one_space() {
        assert_eq!(printable(" a \t\n b\u{a0}c "), "a b c");
        assert_eq!(printable("\n"), "");
    }

    #[test]
    fn long_words_come_in_pieces_and_lose_nothing() {
        let long = "x".repeat(100);
        assert_eq!(pieces(&long).len(), 9);
        assert_eq!(pieces(&long).concat(), long);
        assert_eq!(pieces("short words only here").len(), 1);
        assert_eq!(
            pieces("a abcdefghijklmnopqrstuvwxyz b c"),
            ["a abcdefghijkl", "mnopqrstuvwx", "yz", " b c"]
        );
        assert_eq!(pieces("").concat(), "");
    }

    #[test]
    fn a_mark_stays_with_its_letter() {
        let text = format!("{}e\u{301}z", "x".repeat(PIECE_CHARS - 1));
        assert_eq!(
            pieces(&text),
            [format!("{}e\u{301}", "x".repeat(PIECE_CHARS - 1)), "z".to_owned()]
        );
    }
}
