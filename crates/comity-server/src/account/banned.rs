//! Passwords that are tried first. What leaks show is less a list of passwords than a list of
//! words with the same few things done to them: a year behind it, an exclamation mark, `@` for
//! `a`, twice in a row. So the words are kept, and what is done to them is undone.

use unicode_normalization::UnicodeNormalization;

/// One word a line, in lower case. Written for this file, from what such passwords are made of
/// and from what lies near at a jail; licensed as the rest of the repository.
const WORDS: &str = include_str!("banned-words.txt");

/// Rows that fingers run along; a piece of four signs or more counts, in both directions.
const ROWS: [&str; 10] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "yxcvbnm",
    "zxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
];

/// Shortest piece of a row that counts as one.
const RUN_MIN: usize = 4;

/// How many different words a password may have and still be banned: three are a phrase.
const WORDS_MAX: usize = 2;

/// True if nothing is left of a password once known words, runs along the keyboard, repeated
/// signs, digits and punctuation are taken away, and it had no more than two different words.
pub(super) fn is_banned(password: &str, account: &str) -> bool {
    let lower: Vec<char> = password.nfkc().flat_map(char::to_lowercase).collect();
    let parts: Vec<Vec<char>> =
        account.split(['.', '-', '_']).map(|part| part.chars().collect()).collect();
    let whole: Vec<char> = account.chars().collect();
    let mut words: Vec<Vec<char>> = WORDS
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.chars().collect())
        .collect();
    words.extend(parts.into_iter().chain([whole]).filter(|part| part.len() >= 3));
    if is_twice(&lower) {
        return true;
    }
    // As typed, and with each way to read signs as letters; a digit may also be just a digit.
    [unleet(&lower, 'i'), unleet(&lower, 'l'), lower.clone()]
        .iter()
        .any(|read| fewest_words(&lower, read, &words).is_some_and(|n| n <= WORDS_MAX))
}

/// The same piece two or more times, of at most six signs: `abcabcabcabc`.
fn is_twice(text: &[char]) -> bool {
    (1..=6).any(|period| {
        text.len() >= 2 * period && (period..text.len()).all(|i| text[i] == text[i - period])
    })
}

/// Signs read as the letters that they stand for.
fn unleet(text: &[char], one: char) -> Vec<char> {
    let letter = |c: &char| match c {
        '@' | '4' => 'a',
        '8' => 'b',
        '3' | '€' => 'e',
        '6' | '9' => 'g',
        '1' | '!' | '|' => one,
        '0' => 'o',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '2' => 'z',
        other => *other,
    };
    text.iter().map(letter).collect()
}

/// The fewest words that, with runs and fillers, make up the whole text; `None` if none do.
fn fewest_words(typed: &[char], read: &[char], words: &[Vec<char>]) -> Option<usize> {
    // best[i]: the fewest words for the first i signs, and the last of them: the same word again
    // is no new one.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; typed.len() + 1];
    best[0] = Some((0, usize::MAX));
    for at in 0..typed.len() {
        let Some((count, last)) = best[at] else { continue };
        let mut reach = |end: usize, to: (usize, usize)| {
            if best[end].is_none_or(|known| to.0 < known.0) {
                best[end] = Some(to);
            }
        };
        if !typed[at].is_alphabetic() {
            reach(at + 1, (count, last));
        }
        for length in run_lengths(&typed[at..]) {
            reach(at + length, (count, last));
        }
        for (i, word) in words.iter().enumerate() {
            if read[at..].starts_with(word) {
                reach(at + word.len(), (count + usize::from(i != last), i));
            }
        }
    }
    best[typed.len()].map(|(count, _)| count)
}

/// Lengths of the pieces of keyboard rows, and of one sign repeated, that a text starts with.
fn run_lengths(text: &[char]) -> Vec<usize> {
    let mut longest = text.iter().take_while(|c| Some(*c) == text.first()).count();
    if longest < 3 {
        longest = 0;
    }
    let mut lengths: Vec<usize> = (3..=longest).collect();
    for row in ROWS {
        let forward: Vec<char> = row.chars().collect();
        let backward: Vec<char> = row.chars().rev().collect();
        for row in [forward, backward] {
            for start in 0..row.len() {
                let same = row[start..].iter().zip(text).take_while(|(a, b)| a == b).count();
                lengths.extend(RUN_MIN..=same);
            }
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_first_is_banned() {
        for password in [
            "password1234",
            "Password2026!",
            "P@ssw0rd1234",
            "passwordpassword",
            "qwertyuiop12",
            "1q2w3e4r5t6y",
            "1qaz2wsx3edc",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "123456789012",
            "987654321098",
            "WelcomeWelcome1",
            "Sheriff2026!!",
            "CountyJail123",
            "letmein!!!!!!",
            "correcthorsebatterystaple",
            "m.garcia-2026",
            "GARCIAGARCIA1",
        ] {
            assert!(is_banned(password, "m.garcia"), "{password}");
        }
    }

    #[test]
    fn what_takes_a_guess_is_not() {
        for password in [
            "orchid tin glacier fence",
            "horse password lamp otter",
            "7Qx!vb92mLpe",
            "слон идет домой в дождь",
            "mauve-kettle-44-drizzle",
        ] {
            assert!(!is_banned(password, "m.garcia"), "{password}");
        }
    }

    #[test]
    fn every_word_of_the_list_can_be_found() {
        for word in WORDS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            assert!(word.chars().count() >= 3, "`{word}` is too short");
            assert_eq!(word, word.to_lowercase(), "`{word}` is not lower case");
            assert!(is_banned(&format!("{word}{word}2026!!"), "x"), "{word}");
        }
    }
}
