//! PDF/UA-1 (ISO 14289-1), as far as it can be read from the file: the conditions of the
//! Matterhorn Protocol 1.1 that a machine can check and that these papers can break. The
//! numbers are the protocol's checkpoints.

use super::reader::{Element, Kid, Reader};
use super::synthetic;
use lopdf::Object;
use std::collections::BTreeSet;

fn each_paper(check: impl Fn(&str, &Reader)) {
    for (name, pdf) in synthetic::papers() {
        check(&name, &Reader::of(&pdf));
    }
}

fn metadata(reader: &Reader) -> String {
    let stream = reader.get(reader.catalog(), "Metadata").as_stream().unwrap();
    let bytes = stream.decompressed_content().unwrap_or_else(|_| stream.content.clone());
    String::from_utf8(bytes).unwrap()
}

#[test]
fn it_says_that_it_is_pdf_ua_1_and_has_a_title() {
    // 06-001 to 06-004 (metadata), 05-001 (identifier), 07-001, 07-002 (title is displayed).
    each_paper(|name, reader| {
        let xmp = metadata(reader);
        assert!(xmp.contains("<pdfuaid:part>1</pdfuaid:part>"), "{name}: {xmp}");
        assert!(xmp.contains("<dc:title>"), "{name}");
        let preferences = reader.dict(reader.catalog(), "ViewerPreferences");
        assert!(reader.get(preferences, "DisplayDocTitle").as_bool().unwrap(), "{name}");
    });
}

#[test]
fn it_is_tagged_in_its_language() {
    // 02-001 (marked), 11-006 (language), 01-005 (nothing without a mark), 02-004 (no suspects).
    each_paper(|name, reader| {
        let catalog = reader.catalog();
        let marks = reader.dict(catalog, "MarkInfo");
        assert!(reader.get(marks, "Marked").as_bool().unwrap(), "{name}");
        let suspects = marks.get(b"Suspects").and_then(Object::as_bool);
        assert!(!suspects.unwrap_or(false), "{name}");
        let language = reader.get(catalog, "Lang").as_str().unwrap();
        let expected: &[u8] = if name.contains(".es.") { b"es-US" } else { b"en-US" };
        assert_eq!(language, expected, "{name}");
        let contents = reader.contents();
        assert_eq!(contents.unmarked, Vec::<String>::new(), "{name}");
        assert!(!contents.marked.is_empty(), "{name}");
    });
}

#[test]
fn every_mark_is_in_the_structure_tree_once() {
    // 01-001 to 01-003: content is either an artifact or tagged, and not both.
    each_paper(|name, reader| {
        let mut found = Vec::new();
        for root in reader.structure() {
            root.walk(&mut |element| {
                found.extend(element.kids.iter().filter_map(|kid| match kid {
                    Kid::Content(page, mcid) => Some((*page, *mcid)),
                    Kid::Element(_) => None,
                }));
            });
        }
        let once: BTreeSet<_> = found.iter().copied().collect();
        assert_eq!(once.len(), found.len(), "{name}: a mark stands twice in the tree");
        let marked: BTreeSet<_> = reader.contents().marked.into_keys().collect();
        assert!(marked.is_subset(&once), "{name}: {:?}", marked.difference(&once));
    });
}

#[test]
fn tags_are_standard_ones() {
    // 02-001 of the role map: what is not a standard type is mapped to one.
    let standard = [
        "Document",
        "Part",
        "Sect",
        "Div",
        "P",
        "H1",
        "H2",
        "L",
        "LI",
        "Lbl",
        "LBody",
        "Table",
        "TR",
        "TH",
        "TD",
        "THead",
        "TBody",
        "Span",
        "NonStruct",
    ];
    each_paper(|name, reader| {
        let root = reader.dict(reader.catalog(), "StructTreeRoot");
        let roles = root.get(b"RoleMap").ok().map(|roles| reader.resolve(roles).as_dict().unwrap());
        for top in reader.structure() {
            assert_eq!(top.tag, "Document", "{name}");
            top.walk(&mut |element| {
                let mapped = roles.and_then(|r| r.get(element.tag.as_bytes()).ok());
                let tag = mapped.map_or(element.tag.clone(), |tag| {
                    String::from_utf8(tag.as_name().unwrap().to_vec()).unwrap()
                });
                assert!(standard.contains(&tag.as_str()), "{name}: {tag}");
            });
        }
    });
}

#[test]
fn headings_begin_with_one_title_and_skip_no_level() {
    // 14-002, 14-003: the first heading is H1, none is skipped.
    each_paper(|name, reader| {
        let mut levels = Vec::new();
        for top in reader.structure() {
            top.walk(&mut |e| {
                if let Some(level) = e.tag.strip_prefix('H').and_then(|l| l.parse::<u8>().ok()) {
                    levels.push(level);
                }
            });
        }
        assert_eq!(levels.first(), Some(&1), "{name}");
        assert!(levels.iter().skip(1).all(|level| *level > 1), "{name}: {levels:?}");
        assert!(levels.len() >= 2, "{name}: {levels:?}");
        assert!(levels.windows(2).all(|w| w[1] <= w[0] + 1), "{name}: {levels:?}");
    });
}

/// The scope of a header cell, from its attributes.
fn scope(reader: &Reader, cell: &Element) -> Option<String> {
    let attributes = match reader.resolve(cell.dictionary.get(b"A").ok()?) {
        Object::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    attributes.iter().find_map(|attributes| {
        let attributes = reader.resolve(attributes).as_dict().ok()?;
        attributes.get(b"Scope").ok()?;
        assert_eq!(reader.name(attributes, "O"), "Table");
        Some(reader.name(attributes, "Scope"))
    })
}

#[test]
fn tables_are_regular_and_every_row_has_a_header_cell_with_its_scope() {
    // 15-003 (scope), 09-004 to 09-006 (rows in tables, cells in rows).
    each_paper(|name, reader| {
        let mut tables = 0;
        for top in reader.structure() {
            for table in top.tagged("Table") {
                tables += 1;
                let rows = table.tagged("TR");
                let widths: BTreeSet<usize> = rows.iter().map(|r| r.children().count()).collect();
                assert_eq!(widths.len(), 1, "{name}: rows of {widths:?} cells");
                for (number, row) in rows.iter().enumerate() {
                    let tags: Vec<&str> = row.children().map(|c| c.tag.as_str()).collect();
                    assert!(tags.iter().all(|t| ["TH", "TD"].contains(t)), "{name}: {tags:?}");
                    assert_eq!(tags[0], "TH", "{name}: row {number}");
                    let is_head = tags.iter().all(|tag| *tag == "TH");
                    for cell in row.children().filter(|cell| cell.tag == "TH") {
                        let expected = if is_head { "Column" } else { "Row" };
                        assert_eq!(scope(reader, cell).as_deref(), Some(expected), "{name}");
                    }
                }
            }
        }
        assert!(tables > 0, "{name}");
    });
}

#[test]
fn lists_are_lists() {
    // 09-007, 09-008: items in lists, labels and bodies in items.
    each_paper(|name, reader| {
        for top in reader.structure() {
            for list in top.tagged("L") {
                for item in list.children() {
                    assert_eq!(item.tag, "LI", "{name}");
                    let tags: Vec<&str> = item.children().map(|c| c.tag.as_str()).collect();
                    assert_eq!(tags, ["Lbl", "LBody"], "{name}");
                }
            }
            assert!(top.tagged("Figure").is_empty(), "{name}: a picture would need a text");
        }
    });
}

#[test]
fn fonts_are_embedded_and_their_letters_have_meanings() {
    // 31-009 (embedded), 10-001 (Unicode).
    each_paper(|name, reader| {
        let mut fonts = 0;
        for object in reader.document.objects.values() {
            let Ok(font) = object.as_dict() else { continue };
            if font.get(b"Type").and_then(Object::as_name).ok() != Some(b"Font") {
                continue;
            }
            match reader.name(font, "Subtype").as_str() {
                "Type0" => {
                    fonts += 1;
                    assert!(font.get(b"ToUnicode").is_ok(), "{name}");
                }
                "CIDFontType2" | "CIDFontType0" => {
                    let descriptor = reader.dict(font, "FontDescriptor");
                    let file = descriptor.get(b"FontFile2").or(descriptor.get(b"FontFile3"));
                    assert!(file.is_ok(), "{name}: not embedded");
                }
                other => panic!("{name}: a font of the kind {other}"),
            }
        }
        assert!((1..=3).contains(&fonts), "{name}: {fonts} fonts");
    });
}

#[test]
fn nothing_runs_nothing_is_attached_nothing_is_locked() {
    // 26-001 (locked), 29-001, 20-001 (scripts, optional content), and what a jail would not open.
    each_paper(|name, reader| {
        for key in ["OpenAction", "AA", "AcroForm", "AF", "OCProperties", "Names"] {
            assert!(reader.catalog().get(key.as_bytes()).is_err(), "{name}: /{key}");
        }
        assert!(reader.document.trailer.get(b"Encrypt").is_err(), "{name}");
        for page in reader.document.get_pages().into_values() {
            let page = reader.document.get_dictionary(page).unwrap();
            assert!(page.get(b"StructParents").is_ok(), "{name}");
            // 28-002: pages with annotations would need /Tabs /S; there are none.
            assert!(page.get(b"Annots").is_err(), "{name}");
        }
    });
}

#[test]
fn a_text_in_another_language_says_so() {
    // 11-003: natural language of a part that differs.
    let reader = Reader::of(&synthetic::notice().pdf(crate::Language::Es).unwrap());
    let contents = reader.contents();
    let english = &contents.languages["en-US"];
    assert!(english.starts_with("Release dates"), "{english}");
    assert!(english.ends_with("never required."), "{english}");
    assert!(contents.languages["es-US"].contains("Nadie ha verificado esta norma."));
    assert_eq!(contents.languages.len(), 2, "{:?}", contents.languages.keys());
}

#[test]
fn the_letters_fit_the_number_of_pages_they_are_meant_for() {
    for (name, pdf) in synthetic::papers() {
        let pages = Reader::of(&pdf).document.get_pages().len();
        let most = if name.starts_with("consent") || name.starts_with("release") { 1 } else { 2 };
        assert!(pages <= most, "{name}: {pages} pages");
    }
}
