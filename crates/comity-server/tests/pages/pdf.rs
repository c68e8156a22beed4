//! What a file shows of the conditions of PDF/UA-1, read back from a reply.

use lopdf::{Document, Object};

/// Reads a PDF, and holds that it is tagged, named, in English, and says that it follows PDF/UA-1.
pub fn is_accessible(bytes: &[u8]) {
    let pdf = Document::load_mem(bytes).unwrap();
    let catalog = pdf.catalog().unwrap();
    let dict =
        |key: &[u8]| pdf.dereference(catalog.get(key).unwrap()).unwrap().1.as_dict().unwrap();
    let flag = |of: &lopdf::Dictionary, key: &[u8]| of.get(key).and_then(Object::as_bool).unwrap();
    assert!(flag(dict(b"MarkInfo"), b"Marked"), "its content is tagged");
    assert!(dict(b"StructTreeRoot").has(b"K"), "it has a structure tree");
    assert!(flag(dict(b"ViewerPreferences"), b"DisplayDocTitle"), "its title is shown");
    assert_eq!(catalog.get(b"Lang").unwrap().as_str().unwrap(), b"en-US");
    let metadata = pdf.dereference(catalog.get(b"Metadata").unwrap()).unwrap().1;
    let stream = metadata.as_stream().unwrap();
    let text = stream.decompressed_content().unwrap_or_else(|_| stream.content.clone());
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("pdfuaid:part") && text.contains("dc:title"), "{text}");
}
