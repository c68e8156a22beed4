//! The picture of `gallery-scale`: milliseconds a search, by pass, over the gallery's size; both
//! axes in powers of ten.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 440.0;
/// Left, right, top, bottom.
const MARGIN: [f64; 4] = [70.0, 150.0, 50.0, 60.0];
/// Name and color of each line; the last is the sum of the others.
const LINES: [(&str, &str); 4] = [
    ("codes of pairs, all", "#1b6ca8"),
    ("at a glance, 10 %", "#2e8540"),
    ("exact, 30", "#b15c00"),
    ("together", "#1b1b1b"),
];

/// Draws `(gallery size, milliseconds of each pass)`.
pub fn svg(points: &[(f64, [f64; 3])], note: &str) -> String {
    let sums: Vec<(f64, [f64; 4])> =
        points.iter().map(|(n, [a, b, c])| (*n, [*a, *b, *c, a + b + c])).collect();
    let all = sums.iter().flat_map(|(_, values)| values.iter().copied());
    let (low, high) =
        all.fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v.max(0.01)), h.max(v.max(0.01))));
    let (low, high) = (low.log10().floor(), high.log10().ceil().max(low.log10().floor() + 1.0));
    let (first, last) =
        (sums.first().map_or(1e4, |p| p.0).log10(), sums.last().map_or(1e6, |p| p.0).log10());
    let [left, right, top, bottom] = MARGIN;
    let x = |size: f64| {
        left + (size.log10() - first) / (last - first).max(0.1) * (WIDTH - left - right)
    };
    let y = |ms: f64| top + (high - ms.max(0.01).log10()) / (high - low) * (HEIGHT - top - bottom);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<title>Cost of a search as the gallery \
         grows</title>\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{left}\" y=\"22\" font-size=\"16\">Cost of a search as the gallery grows, \
         ms</text>\n<text x=\"{left}\" y=\"40\" fill=\"#565c65\">{note}</text>\n"
    );
    for exponent in low as i32..=high as i32 {
        let at = y(10.0_f64.powi(exponent));
        let label = 10.0_f64.powi(exponent);
        let _ = writeln!(
            out,
            "<path d=\"M{left} {at:.1}H{}\" stroke=\"#dfe1e2\"/><text x=\"{}\" y=\"{:.1}\" \
             text-anchor=\"end\">{label}</text>",
            WIDTH - right,
            left - 8.0,
            at + 4.0
        );
    }
    for (size, _) in &sums {
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{size}</text>",
            x(*size),
            HEIGHT - bottom + 22.0
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">fingers in the gallery</text>",
        f64::midpoint(left, WIDTH - right),
        HEIGHT - 14.0
    );
    for (line, (name, color)) in LINES.iter().enumerate() {
        let mut path = String::new();
        for (i, (size, values)) in sums.iter().enumerate() {
            let step = if i == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{step}{:.1} {:.1}", x(*size), y(values[line]));
        }
        let end = sums.last().map_or(top, |(_, values)| y(values[line]));
        let _ = writeln!(
            out,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>\
             <text x=\"{}\" y=\"{:.1}\" fill=\"{color}\">{name}</text>",
            WIDTH - right + 8.0,
            end + 4.0
        );
    }
    out.push_str("</svg>\n");
    out
}
