//! A picture inside a page: its colours are names that a dark page defines anew, and its values can be read.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};

use crate::render::chart::{Area, Drawn, FINE, Theme, Tooltip, WIDTH, draw, tooltips};
use crate::render::plot::Picture;

/// Colours of all pictures of a page: on white, and on a dark ground.
#[derive(Debug, Default)]
pub struct Palette {
    pairs: Vec<(String, String)>,
}

impl Palette {
    fn name(&mut self, light: &str, dark: &str) -> String {
        let same =
            |(own_light, own_dark): &(String, String)| own_light == light && own_dark == dark;
        let index = self.pairs.iter().position(same).unwrap_or_else(|| {
            self.pairs.push((light.to_owned(), dark.to_owned()));
            self.pairs.len() - 1
        });
        format!("var(--p{index})")
    }

    /// The definitions: everywhere, and again for a dark screen. Paper is always white.
    pub fn css(&self) -> String {
        let define = |read: fn(&(String, String)) -> &String| {
            self.pairs
                .iter()
                .enumerate()
                .fold(String::new(), |mut all, (index, pair)| {
                    write!(all, "--p{index}:{};", read(pair)).expect("writing into a string");
                    all
                })
        };
        format!(
            ":root{{{}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{}}}}}\n",
            define(|pair| &pair.0),
            define(|pair| &pair.1)
        )
    }
}

/// The picture with its caption; `number` begins at 1.
pub fn figure(picture: &Picture, number: usize, palette: &mut Palette) -> Markup {
    let (heading, reading) = (picture.kind.heading, picture.kind.caption);
    html! {
        figure id={ "figure-" (number) } {
            h3 { "Figure " (number) ". " (heading) }
            (drawing(picture, number, palette))
            figcaption {
                (reading)
                span.files {
                    " Files: " code { (picture.name) ".png" } ", " code { ".svg" } ", numbers in " code { ".csv" } "."
                }
                (hint(number))
            }
        }
    }
}

/// How values are read, for the end of a caption.
pub fn hint(number: usize) -> Markup {
    html! {
        span.hint id=(name(number, "hint")) {
            " Point at the picture to read values, or focus it and use the arrow keys."
        }
    }
}

/// The picture alone; its [`hint`] is wanted near it.
pub fn drawing(picture: &Picture, number: usize, palette: &mut Palette) -> Markup {
    let chart = &picture.chart;
    let light = draw(chart, Theme::Light);
    let dark = draw(chart, Theme::Dark);
    let body = named_colours(&light.body, &dark.body, palette);
    let [title, description, hint] = ["title", "desc", "hint"].map(|part| name(number, part));
    let all = tooltips(chart, &light.areas);
    let Drawn { height, .. } = light;
    html! {
        div.scroll {
            div.picture style={ "aspect-ratio:" (WIDTH) "/" (height) } {
                svg viewBox={ "0 0 " (WIDTH * FINE) " " (height * FINE) } role="img" tabindex="0"
                    aria-labelledby=(title) aria-describedby={ (description) " " (hint) } {
                    title id=(title) { (plain(&chart.title)) }
                    desc id=(description) { (plain(&format!("{}. {}", chart.subtitle, picture.kind.caption))) }
                    (PreEscaped(body))
                    g.spots { @for tip in &all { (place(tip)) } }
                }
                output.tip aria-live="polite" {}
            }
        }
    }
}

fn name(figure: usize, part: &str) -> String {
    format!("figure-{figure}-{part}")
}

fn place(tip: &Tooltip) -> Markup {
    let Area {
        left,
        top,
        right,
        bottom,
    } = tip.area;
    let fine = |pixels: f64| (pixels * f64::from(FINE)).round() as i64;
    html! {
        rect x=(fine(left)) y=(fine(top)) width=(fine(right - left).max(1)) height=(fine(bottom - top).max(1)) {
            title { (plain(&tip.text)) }
        }
    }
}

/// Control characters are not allowed in XML.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Both drawings differ in their colours only: each pair of them gets a name.
fn named_colours(light: &str, dark: &str, palette: &mut Palette) -> String {
    const MARK: &str = "=\"#";
    const DIGITS: usize = 6;
    debug_assert_eq!(light.len(), dark.len());
    let mut text = String::new();
    let mut from = 0;
    while let Some(found) = light[from..].find(MARK) {
        let at = from + found + MARK.len();
        let ends = |body: &str| {
            let digits = body.get(at..at + DIGITS);
            digits
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
                .map(|digits| format!("#{digits}"))
        };
        let Some((in_light, in_dark)) = ends(light).zip(ends(dark)) else {
            text.push_str(&light[from..at]);
            from = at;
            continue;
        };
        text.push_str(&light[from..at - 1]);
        text.push_str(&palette.name(&in_light, &in_dark));
        from = at + DIGITS;
    }
    text.push_str(&light[from..]);
    // The style of the page says it once for all texts, and these are what SVG takes for granted.
    [
        " font-family=\"Inter\"",
        " opacity=\"1\"",
        " stroke=\"none\"",
    ]
    .iter()
    .fold(text, |text, granted| text.replace(granted, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pair_of_colours_gets_one_name() {
        let mut palette = Palette::default();
        let light =
            r##"<a fill="#FFFFFF"/><b stroke="#000000" fill="#FFFFFF"/><c fill="#FFFFFF"/>"##;
        let dark =
            r##"<a fill="#111111"/><b stroke="#EEEEEE" fill="#111111"/><c fill="#222222"/>"##;
        assert_eq!(
            named_colours(light, dark, &mut palette),
            r#"<a fill="var(--p0)"/><b stroke="var(--p1)" fill="var(--p0)"/><c fill="var(--p2)"/>"#
        );
        assert!(
            palette
                .css()
                .starts_with(":root{--p0:#FFFFFF;--p1:#000000;--p2:#FFFFFF;}")
        );
        assert!(palette.css().contains("dark){:root{--p0:#111111;"));
    }
}
