//! What is around the content of a page: head, styles, font, script. It loads nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::render::chart::{BOLD, REGULAR};
use crate::render::report::inline::Palette;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Nothing may be loaded, not even by a text that somebody smuggled into the name of a job.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      font-src data:; img-src data:; base-uri 'none'; form-action 'none'";

/// A page as text, with a line feed at its end; `class` tells kinds of pages apart, `more` are the
/// styles of this kind.
pub fn document(
    title: &str,
    (class, more): (&str, &str),
    palette: &Palette,
    body: &Markup,
) -> String {
    let style = [&fonts(), &palette.css(), STYLE, more].concat();
    let page = html! {
        (DOCTYPE)
        html lang="en" class=(class) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(concat!("ckptsim ", env!("CARGO_PKG_VERSION")));
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(style)) }
            }
            body {
                (body)
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    // A name may hold anything; HTML has no way to write control characters.
    let written = |letter: &char| !letter.is_control() || matches!(letter, '\n' | '\t');
    page.into_string()
        .chars()
        .filter(written)
        .collect::<String>()
        + "\n"
}

/// The font of the pictures, so that their texts are as wide as they were measured.
fn fonts() -> String {
    let face = |(weight, bytes): (u32, &[u8])| {
        format!(
            "@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/ttf;base64,{}) format(\"truetype\")}}\n",
            STANDARD.encode(bytes)
        )
    };
    [(400, REGULAR), (700, BOLD)].map(face).concat()
}
