//! A paper before it is set: blocks of text, and nothing about how they look.

use crate::error::{CHARS_MAX, NoticeError};
use crate::parts::or_not_given;
use crate::print::{pieces, printable};
use crate::{Agency, Language, Words, words};
use jiff::Timestamp;
use typst::foundations::{Array, Dict, IntoValue, Value, array, dict};

/// A stretch of text in one face and one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    text: String,
    is_bold: bool,
    /// Where it is not the paper's.
    language: Option<Language>,
}

/// Text in the paper's language.
pub(crate) fn plain(text: impl Into<String>) -> Run {
    Run { text: text.into(), is_bold: false, language: None }
}

/// The same, emphasized.
pub(crate) fn bold(text: impl Into<String>) -> Run {
    Run { text: text.into(), is_bold: true, language: None }
}

/// Text in a language that need not be the paper's.
pub(crate) fn in_language(text: impl Into<String>, language: Language) -> Run {
    Run { text: text.into(), is_bold: false, language: Some(language) }
}

#[cfg(test)]
impl Run {
    /// Its text, as it was put in.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// A paragraph: runs, with a space between any two.
pub(crate) type Line = Vec<Run>;

/// A part of a paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// The heading of a section.
    Heading(String),
    /// A paragraph.
    Para(Line),
    /// A list with bullets.
    List(Vec<Line>),
    /// A table whose rows each have a name: header cells on the left.
    Named(Vec<(String, Vec<Line>)>),
    /// A table with a header row; the columns' widths are shares.
    Table { widths: Vec<u8>, head: Vec<String>, rows: Vec<Vec<Vec<Line>>> },
    /// What must not be overlooked: a name, and what it is.
    Notable(Vec<(String, String)>),
    /// Boxes to tick by hand.
    Boxes(Vec<Line>),
    /// Lines to write on, each with what is to be written and a share of the width.
    Blanks(Vec<(String, u8)>),
}

/// A paper.
pub(crate) struct Sheet {
    pub(crate) language: Language,
    pub(crate) title: String,
    /// Who writes: the first line is the agency's name.
    pub(crate) letterhead: Vec<String>,
    /// Larger letters, for a paper that has the room.
    pub(crate) is_roomy: bool,
    /// At the foot of every page, before the page's number.
    pub(crate) foot: String,
    pub(crate) prepared_at: Timestamp,
    pub(crate) blocks: Vec<Block>,
}

impl Sheet {
    /// An empty paper of an agency.
    pub(crate) fn new(
        language: Language,
        title: &str,
        agency: &Agency,
        prepared_at: Timestamp,
        foot: String,
    ) -> Sheet {
        let name = or_not_given(words(language), &agency.name);
        let mut letterhead = vec![name, agency.facility.clone()];
        letterhead.extend(agency.address.iter().cloned());
        letterhead.push(agency.phone.clone());
        letterhead.retain(|line| !line.trim().is_empty());
        Sheet {
            language,
            title: title.to_owned(),
            letterhead,
            is_roomy: false,
            foot,
            prepared_at,
            blocks: Vec::new(),
        }
    }

    /// The words of its language.
    pub(crate) fn words(&self) -> &'static Words {
        words(self.language)
    }

    pub(crate) fn heading(&mut self, text: &str) {
        self.blocks.push(Block::Heading(text.to_owned()));
    }

    pub(crate) fn para(&mut self, line: Line) {
        self.blocks.push(Block::Para(line));
    }

    /// A paragraph of one sentence of the catalog.
    pub(crate) fn says(&mut self, text: impl Into<String>) {
        self.para(vec![plain(text)]);
    }

    /// The paper as data for the typesetter.
    pub(crate) fn to_dict(&self) -> Result<Dict, NoticeError> {
        let mut setter = Setter { chars: 0 };
        let words = self.words();
        let sheet = dict! {
            "lang" => self.language.code(),
            "title" => setter.text(&self.title),
            "letterhead" => self.letterhead.iter().map(|line| setter.pieces(line)).collect::<Array>(),
            "author" => setter.text(self.letterhead.first().map_or("", String::as_str)),
            "roomy" => self.is_roomy,
            "foot" => setter.pieces(&self.foot),
            "page" => words.page,
            "of" => words.page_of,
            "blocks" => self.blocks.iter().map(|block| setter.block(block)).collect::<Array>(),
        };
        if setter.chars > CHARS_MAX {
            return Err(NoticeError::TooLong { chars: setter.chars });
        }
        Ok(dict! { "sheet" => sheet })
    }
}

/// Turns texts into values, and counts them.
struct Setter {
    chars: usize,
}

impl Setter {
    fn text(&mut self, text: &str) -> String {
        // What is far too long is refused anyway, and need not be worked on.
        self.chars = self.chars.saturating_add(text.chars().count());
        if self.chars > CHARS_MAX { String::new() } else { printable(text) }
    }

    fn pieces(&mut self, text: &str) -> Value {
        let text = self.text(text);
        pieces(&text).into_iter().map(IntoValue::into_value).collect::<Array>().into_value()
    }

    fn line(&mut self, line: &Line) -> Value {
        let run = |run: &Run| {
            let pieces = self.pieces(&run.text);
            let language = run.language.map_or("", Language::code);
            dict! { "pieces" => pieces, "bold" => run.is_bold, "lang" => language }.into_value()
        };
        line.iter().map(run).collect::<Array>().into_value()
    }

    fn lines(&mut self, lines: &[Line]) -> Value {
        lines.iter().map(|line| self.line(line)).collect::<Array>().into_value()
    }

    fn block(&mut self, block: &Block) -> Value {
        let named = match block {
            Block::Heading(text) => dict! { "kind" => "heading", "text" => self.pieces(text) },
            Block::Para(line) => dict! { "kind" => "para", "line" => self.line(line) },
            Block::List(lines) => dict! { "kind" => "list", "lines" => self.lines(lines) },
            Block::Boxes(lines) => dict! { "kind" => "boxes", "lines" => self.lines(lines) },
            Block::Named(rows) => {
                let row = |(name, lines): &(String, Vec<Line>)| {
                    array![self.pieces(name), self.lines(lines)].into_value()
                };
                dict! { "kind" => "named", "rows" => rows.iter().map(row).collect::<Array>() }
            }
            Block::Notable(rows) => {
                let row = |(name, text): &(String, String)| {
                    array![self.pieces(name), self.pieces(text)].into_value()
                };
                dict! { "kind" => "notable", "rows" => rows.iter().map(row).collect::<Array>() }
            }
            Block::Table { widths, head, rows } => {
                let head = head.iter().map(|name| self.pieces(name)).collect::<Array>();
                let row = |row: &Vec<Vec<Line>>| {
                    row.iter().map(|cell| self.lines(cell)).collect::<Array>().into_value()
                };
                let rows = rows.iter().map(row).collect::<Array>();
                dict! { "kind" => "table", "widths" => shares(widths), "head" => head, "rows" => rows }
            }
            Block::Blanks(blanks) => {
                let names = blanks.iter().map(|(name, _)| self.pieces(name)).collect::<Array>();
                let widths: Vec<u8> = blanks.iter().map(|(_, width)| *width).collect();
                dict! { "kind" => "blanks", "widths" => shares(&widths), "names" => names }
            }
        };
        named.into_value()
    }
}

fn shares(widths: &[u8]) -> Array {
    widths.iter().map(|width| i64::from(*width).into_value()).collect()
}
