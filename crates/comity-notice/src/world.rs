//! The typesetter's world: one source, two fonts, the data of one paper. There is no file, no
//! network and no "now" in it.

use std::sync::LazyLock;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Dict, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Feature, Library, LibraryExt, World};

/// How every paper is set.
const LETTER: &str = include_str!("letter.typ");

/// Source Sans 3 (SIL Open Font License): see `fonts/README.md`.
static REGULAR: &[u8] = include_bytes!("../fonts/SourceSans3-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../fonts/SourceSans3-Bold.ttf");

/// What is the same for every paper.
struct Shared {
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    source: Option<Source>,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let fonts: Vec<Font> =
        [REGULAR, BOLD].into_iter().filter_map(|bytes| Font::new(Bytes::new(bytes), 0)).collect();
    let id = VirtualPath::new("/letter.typ")
        .ok()
        .map(|path| FileId::new(RootedPath::new(VirtualRoot::Project, path)));
    Shared {
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
        source: id.map(|id| Source::new(id, LETTER.to_owned())),
    }
});

/// True if every font has a shape for the character.
pub(crate) fn has_glyph(c: char) -> bool {
    SHARED.fonts.iter().all(|font| font.info().coverage.contains(u32::from(c)))
}

/// The world of one paper.
pub(crate) struct Paper {
    library: LazyHash<Library>,
    source: Source,
}

impl Paper {
    /// The world in which `sys.inputs` is this data; `None` if what is built in does not load.
    pub(crate) fn new(inputs: Dict) -> Option<Paper> {
        let features = [Feature::A11yExtras].into_iter().collect();
        let library = Library::builder().with_inputs(inputs).with_features(features).build();
        Some(Paper { library: LazyHash::new(library), source: SHARED.source.clone()? })
    }
}

impl World for Paper {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &SHARED.book
    }

    fn main(&self) -> FileId {
        self.source.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.source.id() { Ok(self.source.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        SHARED.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_fonts_and_the_source_load() {
        assert_eq!(SHARED.fonts.len(), 2);
        assert!(SHARED.source.is_some());
    }

    #[test]
    fn the_fonts_have_what_the_papers_are_made_of() {
        for c in "☐–—“”’•áéíóúñüÁÉÍÓÚÑÜ¿¡…".chars() {
            assert!(has_glyph(c), "{c}");
        }
        assert!(!has_glyph('王'));
    }
}
