//! A map of the counties: outlines that the project carries (`data/maps/`), filled by class.
//!
//! Fills differ in lightness and in pattern, never in color alone, and every county says its
//! name and class when the pointer rests on it. Territories are not drawn.

use super::chart::escape;
use std::collections::BTreeMap;
use std::fmt::Write as _;

pub use comity_map::{counties, drawn_as};

/// How a class is filled, darkest first. The fills are made for white and for dark paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fill {
    /// Dark blue, plain.
    Full,
    /// Light blue with dark stripes.
    Striped,
    /// Sand with dots.
    Dotted,
    /// Sand, plain.
    Plain,
    /// Rust with stripes the other way.
    Crossed,
    /// Nearly white with a gray hatch: unknown.
    Hatched,
}

impl Fill {
    const ALL: [Fill; 6] =
        [Fill::Full, Fill::Striped, Fill::Dotted, Fill::Plain, Fill::Crossed, Fill::Hatched];

    fn class(self) -> &'static str {
        match self {
            Fill::Full => "m-full",
            Fill::Striped => "m-striped",
            Fill::Dotted => "m-dotted",
            Fill::Plain => "m-plain",
            Fill::Crossed => "m-crossed",
            Fill::Hatched => "m-hatched",
        }
    }
}

/// One class of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Its fill.
    pub fill: Fill,
    /// Its words in the legend.
    pub label: String,
}

/// What a map says of one county.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shade {
    /// The fill.
    pub fill: Fill,
    /// What the county says of itself: name and class.
    pub title: String,
}

/// A drawn map.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The picture with its legend, as HTML.
    pub html: String,
    /// FIPS codes that were given and are not drawn, in order.
    pub not_drawn: Vec<String>,
}

/// Draws a map. `shades` says what each county is, by FIPS code; a county that is drawn and
/// has no shade is hatched as unknown. `classes` is the legend, in its order.
pub fn choropleth(
    id: &str,
    (title, description): (&str, &str),
    classes: &[Class],
    shades: &BTreeMap<String, Shade>,
) -> Drawn {
    let mut not_drawn = Vec::new();
    let mut by_code: BTreeMap<&str, &Shade> = BTreeMap::new();
    for (fips, shade) in shades {
        match drawn_as(fips) {
            // A county's own row goes before that of a county it has taken in.
            Some(code) if code == fips => {
                by_code.insert(code, shade);
            }
            Some(code) => {
                by_code.entry(code).or_insert(shade);
            }
            None => not_drawn.push(fips.clone()),
        }
    }
    let unknown = |code: &str| Shade { fill: Fill::Hatched, title: format!("{code}: unknown") };
    let mut groups: BTreeMap<Fill, String> = BTreeMap::new();
    for code in counties() {
        let shade = by_code.get(code).map_or_else(|| unknown(code), |s| (*s).clone());
        let group = groups.entry(shade.fill).or_default();
        let path = comity_map::outline(code);
        let _ = write!(group, "<path d=\"{path}\"><title>{}</title></path>", escape(&shade.title));
    }
    let mut html = legend(classes);
    let _ = write!(
        html,
        "<svg class=\"chart map\" viewBox=\"0 0 9750 6100\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
        escape(title),
        escape(description)
    );
    for (fill, paths) in groups {
        let _ = write!(html, "<g class=\"{}\">{paths}</g>", fill.class());
    }
    let borders = comity_map::borders();
    let _ = writeln!(html, "<path class=\"m-border\" d=\"{borders}\"/></svg>");
    Drawn { html, not_drawn }
}

/// The legend: a swatch and words for each class.
fn legend(classes: &[Class]) -> String {
    let mut out = String::from("<ul class=\"legend\">");
    for c in classes {
        let _ = write!(
            out,
            "<li><svg width=\"22\" height=\"14\" viewBox=\"0 0 220 140\" aria-hidden=\"true\" focusable=\"false\"><g class=\"{}\"><rect x=\"5\" y=\"5\" width=\"210\" height=\"130\"/></g></svg> {}</li>",
            c.fill.class(),
            escape(&c.label)
        );
    }
    out.push_str("</ul>\n");
    out
}

/// The fills of maps, once per page.
pub fn patterns() -> String {
    let mut out = String::from(
        r#"<svg class="defs" aria-hidden="true" focusable="false" width="0" height="0"><defs>"#,
    );
    for fill in Fill::ALL {
        let (ground, mark) = match fill {
            Fill::Striped => ("#97d4ea", "<rect width=\"22\" height=\"60\" fill=\"#1a4480\"/>"),
            Fill::Dotted => ("#f0e3c0", "<circle cx=\"30\" cy=\"30\" r=\"13\" fill=\"#6b5a1e\"/>"),
            Fill::Crossed => ("#d9a188", "<rect width=\"16\" height=\"60\" fill=\"#8f3d1d\"/>"),
            Fill::Hatched => ("#f4f5f6", "<rect width=\"9\" height=\"60\" fill=\"#a9aeb1\"/>"),
            Fill::Full | Fill::Plain => continue,
        };
        let turn = match fill {
            Fill::Striped => 45,
            Fill::Crossed => -45,
            Fill::Hatched => 20,
            _ => 0,
        };
        let _ = write!(
            out,
            "<pattern id=\"p-{}\" width=\"60\" height=\"60\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate({turn})\"><rect width=\"60\" height=\"60\" fill=\"{ground}\"/>{mark}</pattern>",
            fill.class()
        );
    }
    out.push_str("</defs></svg>\n");
    out
}

/// The style of maps.
pub const CSS: &str = r"
svg.map path{stroke:#fff;stroke-width:3}
svg .m-full{fill:#1a4480}
svg .m-striped{fill:url(#p-m-striped)}
svg .m-dotted{fill:url(#p-m-dotted)}
svg .m-plain{fill:#f0e3c0}
svg .m-crossed{fill:url(#p-m-crossed)}
svg .m-hatched{fill:url(#p-m-hatched)}
.legend g{stroke:#565c65;stroke-width:10}
svg.map .m-plain path,svg.map .m-hatched path,svg.map .m-dotted path{stroke:#b9bec2}
svg.map path.m-border{fill:none;stroke:#1b1b1b;stroke-width:9;stroke-linejoin:round}
svg.map path:hover{stroke:#e31c3d;stroke-width:18}
";
