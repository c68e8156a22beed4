//! A reader of tagged PDF: what a screen reader gets, and what a checker looks at.

use lopdf::content::Content;
use lopdf::{Dictionary, Document, Object, ObjectId};
use std::collections::BTreeMap;

/// An element of the structure tree.
#[derive(Debug)]
pub struct Element {
    pub tag: String,
    pub dictionary: Dictionary,
    pub kids: Vec<Kid>,
}

#[derive(Debug)]
pub enum Kid {
    Element(Element),
    /// Marked content: its page and number.
    Content(ObjectId, i64),
}

/// What stands in the pages: text by marked content, and text outside of any.
#[derive(Debug, Default)]
pub struct Contents {
    pub marked: BTreeMap<(ObjectId, i64), String>,
    pub artifacts: String,
    /// Text by the language that its mark gives, where it gives one.
    pub languages: BTreeMap<String, String>,
    /// What stands outside of any mark: operators, and the text they show.
    pub unmarked: Vec<String>,
}

pub struct Reader {
    pub document: Document,
}

impl Reader {
    pub fn of(pdf: &[u8]) -> Reader {
        Reader { document: Document::load_mem(pdf).unwrap() }
    }

    pub fn catalog(&self) -> &Dictionary {
        self.document.catalog().unwrap()
    }

    pub fn resolve<'a>(&'a self, object: &'a Object) -> &'a Object {
        self.document.dereference(object).unwrap().1
    }

    pub fn get<'a>(&'a self, dictionary: &'a Dictionary, key: &str) -> &'a Object {
        let found = dictionary.get(key.as_bytes());
        self.resolve(found.unwrap_or_else(|_| panic!("no /{key} in {dictionary:?}")))
    }

    pub fn dict<'a>(&'a self, dictionary: &'a Dictionary, key: &str) -> &'a Dictionary {
        self.get(dictionary, key).as_dict().unwrap()
    }

    pub fn name(&self, dictionary: &Dictionary, key: &str) -> String {
        String::from_utf8(self.get(dictionary, key).as_name().unwrap().to_vec()).unwrap()
    }

    /// The children of the structure tree's root.
    pub fn structure(&self) -> Vec<Element> {
        let root = self.dict(self.catalog(), "StructTreeRoot");
        let kids = self.kids(root, None);
        let element = |kid| match kid {
            Kid::Element(element) => element,
            Kid::Content(..) => panic!("content right under the root"),
        };
        kids.into_iter().map(element).collect()
    }

    fn kids(&self, of: &Dictionary, page: Option<ObjectId>) -> Vec<Kid> {
        let Ok(kids) = of.get(b"K") else { return Vec::new() };
        let kids = match self.resolve(kids) {
            Object::Array(kids) => kids.clone(),
            one => vec![one.clone()],
        };
        kids.iter().map(|kid| self.kid(kid, page)).collect()
    }

    fn kid(&self, kid: &Object, page: Option<ObjectId>) -> Kid {
        let dictionary = match self.resolve(kid) {
            Object::Integer(mcid) => return Kid::Content(page.expect("content has a page"), *mcid),
            Object::Dictionary(dictionary) => dictionary,
            other => panic!("not a kid: {other:?}"),
        };
        let page = dictionary.get(b"Pg").and_then(Object::as_reference).ok().or(page);
        if dictionary.get(b"MCID").is_ok() {
            let mcid = self.get(dictionary, "MCID").as_i64().unwrap();
            return Kid::Content(page.expect("content has a page"), mcid);
        }
        Kid::Element(Element {
            tag: self.name(dictionary, "S"),
            dictionary: dictionary.clone(),
            kids: self.kids(dictionary, page),
        })
    }

    /// Reads the text of every page.
    pub fn contents(&self) -> Contents {
        let mut contents = Contents::default();
        for page in self.document.get_pages().into_values() {
            self.page(page, &mut contents);
        }
        contents
    }

    fn page(&self, page: ObjectId, contents: &mut Contents) {
        let fonts = self.document.get_page_fonts(page).unwrap();
        let bytes = self.document.get_page_content(page);
        let (mut open, mut languages, mut font) = (Vec::new(), Vec::new(), Vec::new());
        for operation in Content::decode(&bytes).unwrap().operations {
            let operands = &operation.operands;
            match operation.operator.as_str() {
                "BDC" | "BMC" => {
                    open.push(mark(operands));
                    languages.push(language(operands));
                }
                "EMC" => {
                    assert!(open.pop().is_some(), "a mark ends that never began");
                    languages.pop();
                }
                "Tf" => font = operands[0].as_name().unwrap().to_vec(),
                "Tj" | "TJ" => {
                    let encoding = fonts[&font].get_font_encoding(&self.document).unwrap();
                    let mut text = String::new();
                    shown(operands, &mut |bytes| {
                        text.push_str(&Document::decode_text(&encoding, bytes).unwrap());
                    });
                    match open.iter().rev().find_map(|mark| *mark) {
                        Some(Mark::Content(mcid)) => {
                            contents.marked.entry((page, mcid)).or_default().push_str(&text);
                        }
                        Some(Mark::Artifact) => contents.artifacts.push_str(&text),
                        None => contents.unmarked.push(text.clone()),
                    }
                    if let Some(language) = languages.iter().rev().find_map(Option::as_ref) {
                        contents.languages.entry(language.clone()).or_default().push_str(&text);
                    }
                }
                // What is drawn must be marked too.
                "f" | "F" | "f*" | "S" | "s" | "B" | "B*" | "b" | "b*" | "Do" | "sh"
                    if open.iter().all(Option::is_none) =>
                {
                    contents.unmarked.push(operation.operator.clone());
                }
                _ => {}
            }
        }
        assert!(open.is_empty(), "a mark never ends");
    }
}

/// What a mark makes of its content; nothing where it only says more about it.
fn mark(operands: &[Object]) -> Option<Mark> {
    if operands[0].as_name().unwrap() == b"Artifact" {
        return Some(Mark::Artifact);
    }
    let properties = operands.get(1)?.as_dict().ok()?;
    Some(Mark::Content(properties.get(b"MCID").ok()?.as_i64().unwrap()))
}

#[derive(Debug, Clone, Copy)]
enum Mark {
    Artifact,
    Content(i64),
}

/// The language that a mark gives its content.
fn language(operands: &[Object]) -> Option<String> {
    let language = operands.get(1)?.as_dict().ok()?.get(b"Lang").ok()?;
    Some(String::from_utf8(language.as_str().ok()?.to_vec()).unwrap())
}

fn shown(operands: &[Object], take: &mut impl FnMut(&[u8])) {
    for operand in operands {
        match operand {
            Object::String(bytes, _) => take(bytes),
            Object::Array(items) => shown(items, take),
            _ => {}
        }
    }
}

impl Element {
    /// This element and all below it, in reading order.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Element)) {
        visit(self);
        for kid in &self.kids {
            if let Kid::Element(element) = kid {
                element.walk(visit);
            }
        }
    }

    /// All elements below it and itself that have the tag.
    pub fn tagged<'a>(&'a self, tag: &str) -> Vec<&'a Element> {
        let mut out = Vec::new();
        self.walk(&mut |element| {
            if element.tag == tag {
                out.push(element);
            }
        });
        out
    }

    /// The elements right below it.
    pub fn children(&self) -> impl Iterator<Item = &Element> {
        self.kids.iter().filter_map(|kid| match kid {
            Kid::Element(element) => Some(element),
            Kid::Content(..) => None,
        })
    }

    /// Its text in reading order.
    pub fn text(&self, contents: &Contents) -> String {
        let mut out = String::new();
        for kid in &self.kids {
            match kid {
                Kid::Element(element) => out.push_str(&element.text(contents)),
                Kid::Content(page, mcid) => {
                    out.push_str(contents.marked.get(&(*page, *mcid)).map_or("", String::as_str));
                }
            }
        }
        out
    }
}

/// How far to the right the text of a page reaches, in points.
pub fn right_edge_pt(reader: &Reader, page: ObjectId) -> f32 {
    let fonts = reader.document.get_page_fonts(page).unwrap();
    let bytes = reader.document.get_page_content(page);
    let number = |o: &Object| o.as_float().unwrap();
    let (mut matrix, mut saved) = (IDENTITY, Vec::new());
    let (mut text, mut size_pt, mut font) = (IDENTITY, 0.0, Vec::new());
    let mut furthest = 0.0_f32;
    for operation in Content::decode(&bytes).unwrap().operations {
        let operands = &operation.operands;
        match operation.operator.as_str() {
            "q" => saved.push(matrix),
            "Q" => matrix = saved.pop().unwrap(),
            "cm" => matrix = after(&std::array::from_fn(|i| number(&operands[i])), &matrix),
            "Tm" => text = std::array::from_fn(|i| number(&operands[i])),
            "Tf" => {
                font = operands[0].as_name().unwrap().to_vec();
                size_pt = number(&operands[1]);
            }
            "Td" | "TD" | "T*" | "'" | "\"" => panic!("{} is not read here", operation.operator),
            "Tj" | "TJ" => {
                let widths = widths(reader, fonts[&font]);
                let mut length = 0.0;
                advance(operands, &widths, &mut length);
                let start = after(&text, &matrix);
                furthest = furthest.max(start[4] + start[0] * length * size_pt / 1000.0);
            }
            _ => {}
        }
    }
    furthest
}

const IDENTITY: [f32; 6] = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// The matrix that does `first`, then `second` (PDF 1.7, 8.3.3).
fn after(first: &[f32; 6], second: &[f32; 6]) -> [f32; 6] {
    let [a, b, c, d, e, f] = *first;
    let [g, h, i, j, k, l] = *second;
    [
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + l,
    ]
}

/// The widths of a font's glyphs, in thousandths of its size.
fn widths(reader: &Reader, font: &Dictionary) -> (f32, BTreeMap<u16, f32>) {
    let below = reader.get(font, "DescendantFonts").as_array().unwrap();
    let below = reader.resolve(&below[0]).as_dict().unwrap();
    let default = below.get(b"DW").map_or(1000.0, |w| w.as_float().unwrap());
    let mut out = BTreeMap::new();
    let list = reader.get(below, "W").as_array().unwrap();
    let mut rest = list.iter();
    while let Some(first) = rest.next() {
        let first = first.as_i64().unwrap() as u16;
        match rest.next().unwrap() {
            Object::Array(each) => {
                out.extend(
                    each.iter().zip(first..).map(|(w, glyph)| (glyph, w.as_float().unwrap())),
                );
            }
            last => {
                let width = rest.next().unwrap().as_float().unwrap();
                out.extend((first..=last.as_i64().unwrap() as u16).map(|glyph| (glyph, width)));
            }
        }
    }
    (default, out)
}

fn advance(operands: &[Object], widths: &(f32, BTreeMap<u16, f32>), length: &mut f32) {
    for operand in operands {
        match operand {
            Object::String(bytes, _) => {
                for glyph in bytes.chunks_exact(2) {
                    let glyph = u16::from_be_bytes([glyph[0], glyph[1]]);
                    *length += widths.1.get(&glyph).copied().unwrap_or(widths.0);
                }
            }
            Object::Array(items) => advance(items, widths, length),
            number => *length -= number.as_float().unwrap(),
        }
    }
}
