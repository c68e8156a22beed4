//! A report as data: sections with words, pictures and tables. One description becomes the
//! terminal's tables, a page, and a CSV and a JSON file beside it, so that they cannot differ.

use crate::receipt::Receipt;
use crate::report::chart::{escape, thousands};
use crate::report::{export, map, page};
use comity_model::Day;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Not known, or not applicable.
    Empty,
    /// Words.
    Text(String),
    /// An id, a code or a path.
    Code(String),
    /// What is said in the place of a number that is not shown.
    Hidden(String),
    /// A number of things.
    Count(u64),
    /// A number with a fraction.
    Number(f64),
    /// A share of one: 0.332 is shown as 33.2 percent.
    Share(f64),
    /// A day.
    Day(Day),
}

impl Cell {
    /// Words.
    pub fn text(t: impl Into<String>) -> Cell {
        Cell::Text(t.into())
    }

    /// An id.
    pub fn code(t: impl Into<String>) -> Cell {
        Cell::Code(t.into())
    }

    /// A part of a whole; of nothing, empty.
    pub fn share(part: f64, whole: f64) -> Cell {
        if whole > 0.0 { Cell::Share(part / whole) } else { Cell::Empty }
    }

    /// As people read it.
    pub fn shown(&self) -> String {
        match self {
            Cell::Empty => "–".to_owned(),
            Cell::Text(t) | Cell::Code(t) | Cell::Hidden(t) => t.clone(),
            Cell::Count(n) => thousands(*n),
            Cell::Number(n) => number(*n),
            Cell::Share(s) => percent(*s),
            Cell::Day(d) => d.to_string(),
        }
    }

    /// As a program reads it: empty where it is not known, no commas, shares as fractions.
    fn raw(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            // A cell that a spreadsheet would take for a formula is made a text.
            Cell::Text(t) | Cell::Code(t) if t.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
                format!("'{t}")
            }
            Cell::Text(t) | Cell::Code(t) | Cell::Hidden(t) => t.clone(),
            Cell::Count(n) => n.to_string(),
            Cell::Number(n) => format!("{n:.4}"),
            Cell::Share(s) => format!("{s:.6}"),
            Cell::Day(d) => d.to_string(),
        }
    }

    fn json(&self) -> Value {
        let rounded = |x: f64| json!((x * 1e6).round() / 1e6);
        match self {
            Cell::Empty => Value::Null,
            Cell::Text(t) | Cell::Code(t) | Cell::Hidden(t) => json!(t),
            Cell::Count(n) => json!(n),
            Cell::Number(n) => rounded(*n),
            Cell::Share(s) => rounded(*s),
            Cell::Day(d) => json!(d.to_string()),
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Cell::Count(_) | Cell::Number(_) | Cell::Share(_))
    }
}

/// One decimal, with commas.
fn number(n: f64) -> String {
    let tenths = (n.abs() * 10.0).round() as u64;
    let sign = if n < 0.0 && tenths > 0 { "−" } else { "" };
    format!("{sign}{}.{}", thousands(tenths / 10), tenths % 10)
}

/// One decimal, two where one would hide the difference from none or all.
fn percent(share: f64) -> String {
    let text = format!("{:.1}%", share * 100.0);
    if (share > 0.0 && text == "0.0%") || (share < 1.0 && text == "100.0%") {
        return format!("{:.2}%", share * 100.0);
    }
    text
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name: the CSV file beside the page is `ID.csv`.
    pub id: String,
    /// Its caption.
    pub caption: String,
    /// Columns: name in files, words on the page.
    pub columns: Vec<(String, String)>,
    /// Its rows, each as wide as the columns.
    pub rows: Vec<Vec<Cell>>,
    /// Rows on the page; files have all.
    pub rows_on_page: usize,
    /// Rows on the terminal.
    pub rows_on_terminal: usize,
    /// Columns on the terminal, where not all have room.
    pub columns_on_terminal: Option<&'static [usize]>,
    /// Columns on the page, where not all have room; files have all.
    pub columns_on_page: Option<&'static [usize]>,
    /// True where the page folds it away, under the picture that it belongs to.
    pub folded: bool,
}

impl Table {
    /// A table that is shown in full on the page, and twenty rows of it on the terminal.
    pub fn new(id: &str, caption: impl Into<String>, columns: &[(&str, &str)]) -> Table {
        Table {
            id: id.to_owned(),
            caption: caption.into(),
            columns: columns.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
            rows: Vec::new(),
            rows_on_page: usize::MAX,
            rows_on_terminal: 20,
            columns_on_terminal: None,
            columns_on_page: None,
            folded: false,
        }
    }

    /// Only so many rows on the page.
    #[must_use]
    pub fn on_page(mut self, rows: usize) -> Table {
        self.rows_on_page = rows;
        self
    }

    /// Only so many rows on the terminal; none leaves the table out there.
    #[must_use]
    pub fn on_terminal(mut self, rows: usize) -> Table {
        self.rows_on_terminal = rows;
        self
    }

    /// Only these columns on the terminal.
    #[must_use]
    pub fn columns_on_terminal(mut self, columns: &'static [usize]) -> Table {
        self.columns_on_terminal = Some(columns);
        self
    }

    /// Only these columns on the page.
    #[must_use]
    pub fn columns_on_page(mut self, columns: &'static [usize]) -> Table {
        self.columns_on_page = Some(columns);
        self
    }

    /// Folded away on the page, and not on the terminal.
    #[must_use]
    pub fn folded(mut self) -> Table {
        self.folded = true;
        self.rows_on_terminal = 0;
        self
    }

    /// Adds a row.
    pub fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "{}", self.id);
        self.rows.push(row);
    }

    /// The table as CSV.
    pub fn csv(&self) -> Vec<u8> {
        let mut out = csv::Writer::from_writer(Vec::new());
        // Writing into memory fails on nothing but a row of another width, and rows have one.
        let _ = out.write_record(self.columns.iter().map(|c| &c.0));
        for row in &self.rows {
            let _ = out.write_record(row.iter().map(Cell::raw));
        }
        out.into_inner().unwrap_or_default()
    }

    fn json(&self) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let cells = self.columns.iter().zip(row).map(|(c, v)| (c.0.clone(), v.json()));
                Value::Object(cells.collect::<Map<_, _>>())
            })
            .collect();
        Value::Array(rows)
    }

    /// A column is of numbers if none of its cells is anything else but a number not shown.
    fn is_numeric(&self, column: usize) -> bool {
        let mut cells = self.rows.iter().filter_map(|r| r.get(column));
        cells.any(|c| c.is_number() || matches!(c, Cell::Hidden(_)))
            && self
                .rows
                .iter()
                .filter_map(|r| r.get(column))
                .all(|c| c.is_number() || matches!(c, Cell::Empty | Cell::Hidden(_)))
    }

    fn text(&self, out: &mut String) {
        let _ = writeln!(out, "{}", self.caption);
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let chosen = self.columns_on_terminal.unwrap_or(&all);
        let pick = |cells: Vec<String>| -> Vec<String> {
            chosen.iter().filter_map(|i| cells.get(*i).cloned()).collect()
        };
        let header = pick(self.columns.iter().map(|c| c.1.clone()).collect());
        let rows = self.rows.iter().take(self.rows_on_terminal);
        let shown: Vec<Vec<String>> =
            rows.map(|r| pick(r.iter().map(Cell::shown).collect())).collect();
        let width = |i: usize| {
            let cells = shown.iter().chain([&header]).filter_map(|r| r.get(i));
            cells.map(|c| c.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..chosen.len()).map(width).collect();
        let numeric: Vec<bool> = chosen.iter().map(|i| self.is_numeric(*i)).collect();
        for row in [&header].into_iter().chain(&shown) {
            let mut text = String::from(" ");
            for ((cell, width), number) in row.iter().zip(&widths).zip(&numeric) {
                let space = " ".repeat(width.saturating_sub(cell.chars().count()));
                let (before, after) =
                    if *number { (space, String::new()) } else { (String::new(), space) };
                let _ = write!(text, " {before}{cell}{after} ");
            }
            let _ = writeln!(out, "{}", text.trim_end());
        }
        if self.rows.len() > shown.len() {
            let _ = writeln!(out, "  … {} more", thousands((self.rows.len() - shown.len()) as u64));
        }
        out.push('\n');
    }

    fn html(&self, out: &mut String) {
        if self.rows_on_page == 0 {
            return;
        }
        if self.folded {
            let _ = write!(out, "<details><summary>Table: {}</summary>", escape(&self.caption));
        }
        let _ = write!(
            out,
            "<div class=\"scroll\" tabindex=\"0\"><table id=\"t-{}\"><caption>{}</caption><thead><tr>",
            self.id,
            escape(&self.caption)
        );
        let numeric: Vec<bool> = (0..self.columns.len()).map(|i| self.is_numeric(i)).collect();
        let on_page = |i: usize| self.columns_on_page.is_none_or(|chosen| chosen.contains(&i));
        let first = (0..self.columns.len()).find(|i| on_page(*i)).unwrap_or(0);
        let heads = self.columns.iter().zip(&numeric).enumerate().filter(|(i, _)| on_page(*i));
        for (_, ((_, words), number)) in heads {
            let class = if *number { " class=\"num\"" } else { "" };
            let _ = write!(out, "<th scope=\"col\"{class}>{}</th>", escape(words));
        }
        out.push_str("</tr></thead><tbody>\n");
        for row in self.rows.iter().take(self.rows_on_page) {
            out.push_str("<tr>");
            for (i, cell) in row.iter().enumerate().filter(|(i, _)| on_page(*i)) {
                let shown = match cell {
                    Cell::Code(t) => format!("<code>{}</code>", escape(t)),
                    other => escape(&other.shown()),
                };
                let class = match cell {
                    _ if numeric.get(i) == Some(&true) => " class=\"num\"",
                    Cell::Code(_) if i == 0 => " class=\"id\"",
                    // Days, months and short words with numbers do not break.
                    Cell::Day(_) => " class=\"whole\"",
                    Cell::Text(t) if t.len() < 26 && t.contains(|c: char| c.is_ascii_digit()) => {
                        " class=\"whole\""
                    }
                    _ => "",
                };
                let _ = if i == first {
                    write!(out, "<th scope=\"row\"{class}>{shown}</th>")
                } else {
                    write!(out, "<td{class}>{shown}</td>")
                };
            }
            out.push_str("</tr>\n");
        }
        if self.rows.is_empty() {
            let _ = writeln!(out, "<tr><td colspan=\"{}\">none</td></tr>", self.columns.len());
        }
        out.push_str("</tbody></table></div>\n");
        let left = self.rows.len().saturating_sub(self.rows_on_page);
        if left > 0 {
            let _ = writeln!(
                out,
                "<p class=\"small\">{} of {} rows; all of them are in <code>{}.csv</code>.</p>",
                thousands(self.rows_on_page as u64),
                thousands(self.rows.len() as u64),
                self.id
            );
        }
        if self.folded {
            out.push_str("</details>\n");
        }
    }
}

/// What a section is made of, in its order.
#[derive(Debug, Clone)]
pub enum Part {
    /// A paragraph.
    Text(String),
    /// A paragraph that must not be overlooked.
    Note(String),
    /// A picture, as HTML, with the words under it. The next table is its table.
    Picture(String, String),
    /// A table.
    Table(Table),
    /// A list of sentences.
    List(Vec<String>),
}

/// A section.
#[derive(Debug, Clone)]
pub struct Section {
    /// Its anchor.
    pub id: &'static str,
    /// Its heading.
    pub title: String,
    /// What it is made of.
    pub parts: Vec<Part>,
}

/// A report.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Its name: `coverage`.
    pub id: &'static str,
    /// Its title.
    pub title: String,
    /// The question that it answers.
    pub question: String,
    /// Its headline numbers: number, words.
    pub facts: Vec<(String, String)>,
    /// Its sections.
    pub sections: Vec<Section>,
    /// False where a comparison that the report makes came out outside of its tolerance.
    pub whole: bool,
    /// What it was made of. The hashes of its tables are added by [`Sheet::sealed`].
    pub receipt: Receipt,
}

impl Sheet {
    /// True where every comparison that the report makes came out within its tolerance.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Every table, in order.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.sections.iter().flat_map(|s| &s.parts).filter_map(|p| match p {
            Part::Table(t) => Some(t),
            _ => None,
        })
    }

    /// The table of that name.
    pub fn table(&self, id: &str) -> Option<&Table> {
        self.tables().find(|t| t.id == id)
    }

    /// The same with the hash of every table in its receipt.
    #[must_use]
    pub fn sealed(mut self) -> Sheet {
        let outputs = self.tables().map(|t| {
            let bytes = t.csv();
            crate::receipt::FileHash {
                role: "result".to_owned(),
                name: format!("{}.csv", t.id),
                bytes: bytes.len() as u64,
                sha256: crate::receipt::sha256(&bytes),
            }
        });
        self.receipt.outputs = outputs.collect();
        self
    }

    /// Every number, as JSON.
    pub fn json(&self) -> Value {
        let tables: Map<String, Value> = self.tables().map(|t| (t.id.clone(), t.json())).collect();
        let words = self.sections.iter().flat_map(|s| &s.parts).flat_map(|p| match p {
            Part::Text(t) | Part::Note(t) => vec![t.clone()],
            Part::List(l) => l.clone(),
            Part::Picture(..) | Part::Table(_) => Vec::new(),
        });
        json!({
            "report": self.id,
            "title": self.title,
            "question": self.question,
            "tables": tables,
            "notes": words.collect::<Vec<_>>(),
            "receipt": self.receipt,
        })
    }

    /// The tables and notes for the terminal.
    pub fn text(&self) -> String {
        let mut out = format!("{}\n{}\n\n", self.title, self.question);
        for (number, words) in &self.facts {
            let _ = writeln!(out, "  {number}  {words}");
        }
        out.push('\n');
        for part in self.sections.iter().flat_map(|s| &s.parts) {
            match part {
                Part::Table(t) if t.rows_on_terminal > 0 => t.text(&mut out),
                Part::Note(t) => {
                    let _ = writeln!(out, "Note: {t}\n");
                }
                _ => {}
            }
        }
        out
    }

    /// The files of the report: name and bytes. The page comes last.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut out: Vec<(String, Vec<u8>)> =
            self.tables().map(|t| (format!("{}.csv", t.id), t.csv())).collect();
        let parquet = |t: &Table| Some((format!("{}.parquet", t.id), export::parquet(t)?));
        out.extend(self.tables().filter_map(parquet));
        // A table beyond Excel's limits is in the other files.
        out.extend(export::workbook(self).ok().map(|bytes| ("report.xlsx".to_owned(), bytes)));
        out.push(("report.json".to_owned(), format!("{:#}\n", self.json()).into_bytes()));
        out.push(("report.html".to_owned(), self.html().into_bytes()));
        out
    }

    /// The page.
    pub fn html(&self) -> String {
        let mut out = String::with_capacity(1 << 19);
        let mut sections: Vec<(&str, &str)> =
            self.sections.iter().map(|s| (s.id, s.title.as_str())).collect();
        sections.push(("receipt", "Receipt"));
        page::open(
            &mut out,
            &page::Head {
                kind: "Report from public records",
                title: &self.title,
                question: &self.question,
                sections: &sections,
            },
        );
        out.push_str(&map::patterns());
        if !self.facts.is_empty() {
            out.push_str("<ul class=\"facts\">");
            for (number, words) in &self.facts {
                let _ = write!(out, "<li><b>{}</b>{}</li>", escape(number), escape(words));
            }
            out.push_str("</ul>\n");
        }
        for section in &self.sections {
            let _ = writeln!(out, "<h2 id=\"{}\">{}</h2>", section.id, escape(&section.title));
            section.parts.iter().for_each(|p| p.html(&mut out));
        }
        page::receipt(
            &mut out,
            &self.receipt,
            "every table as CSV and Parquet, <code>report.xlsx</code> with all of them, and <code>report.json</code> with every number on this page.",
            "Policies that the result rests on",
        );
        page::close(&mut out, &self.receipt.engine);
        out
    }
}

impl Part {
    fn html(&self, out: &mut String) {
        let _ = match self {
            Part::Text(t) => writeln!(out, "<p>{}</p>", prose(t)),
            Part::Note(t) => writeln!(out, "<div class=\"note\"><p>{}</p></div>", prose(t)),
            Part::Picture(svg, caption) => {
                writeln!(out, "<figure>{svg}<figcaption>{}</figcaption></figure>", escape(caption))
            }
            Part::Table(t) => {
                t.html(out);
                Ok(())
            }
            Part::List(items) => {
                let items: String =
                    items.iter().map(|i| format!("<li>{}</li>", prose(i))).collect();
                writeln!(out, "<ul>{items}</ul>")
            }
        };
    }
}

/// Words as HTML; what stands in backticks is code.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(i, part)| match i % 2 {
        1 => format!("<code>{}</code>", escape(part)),
        _ => escape(part),
    });
    parts.collect()
}
