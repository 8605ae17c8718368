//! A chart as text, for snapshots: what is said and drawn, without pixels.

use crate::render::chart::{At, Axis, Cell, Chart, Dot, Mark, Panel, Symbol, Ticks};

/// One line per axis and mark.
pub fn outline(chart: &Chart) -> String {
    let mut lines = vec![
        format!("title: {}", chart.title),
        format!("subtitle: {}", chart.subtitle),
        format!("footer: {}", chart.footer),
    ];
    lines.extend(
        chart
            .key
            .iter()
            .map(|entry| format!("key: {} {:?}", entry.label, entry.swatch)),
    );
    for one in &chart.panels {
        panel(one, &mut lines);
    }
    lines.join("\n")
}

fn panel(panel: &Panel, lines: &mut Vec<String>) {
    lines.push(format!("panel: {}", panel.heading));
    lines.push(format!("  x: {}", axis(&panel.x)));
    lines.push(format!("  y: {}", axis(&panel.y)));
    lines.extend(panel.marks.iter().map(|one| format!("  {}", mark(one))));
}

fn axis(axis: &Axis) -> String {
    let (low, high) = (number(axis.span.low()), number(axis.span.high()));
    match &axis.ticks {
        Ticks::Round(unit) => format!("{} {low} to {high} ({unit:?})", axis.title()),
        Ticks::Shared(unit) => format!("shared {low} to {high} ({unit:?})"),
        Ticks::Named(names) => {
            let names = names
                .iter()
                .map(|name| format!("{}{}", if name.strong { "*" } else { "" }, name.text));
            format!("{} {}", axis.title(), names.collect::<Vec<_>>().join(" | "))
        }
    }
}

fn mark(mark: &Mark) -> String {
    match mark {
        Mark::Band(colour, points) => {
            let points = points
                .iter()
                .map(|(x, low, high)| format!("{}:{}–{}", number(*x), number(*low), number(*high)));
            format!("band {colour:?} {}", points.collect::<Vec<_>>().join(" "))
        }
        Mark::Line(line) => {
            format!(
                "line \"{}\" {:?} {:?} {}",
                line.label,
                line.colour,
                line.stroke,
                pairs(&line.points)
            )
        }
        Mark::Rule(rule) => match rule.at {
            At::X(x) => format!("rule \"{}\" at x {}", rule.label, number(x)),
            At::Y(y) | At::LeftOfY(y) => format!("rule \"{}\" at y {}", rule.label, number(y)),
        },
        Mark::Tint(colour, corners) => format!("tint {colour:?} {}", pairs(corners)),
        Mark::Missing(_, at, reason) => format!("missing \"{reason}\" at {at:?}"),
        Mark::Margin(at, text) => format!("margin {at}: {text}"),
        Mark::Cell(one) => cell(one),
        Mark::Arrow(_, from, to) => format!("arrow {}", pairs(&[*from, *to])),
        Mark::Note(at, text) => format!("note {} \"{text}\"", pairs(&[*at])),
        Mark::Dots(symbol, points) => dots(*symbol, points),
        Mark::Flags(flags) => {
            let flags = flags
                .iter()
                .map(|flag| format!("{} \"{}\"", number(flag.at), flag.label));
            format!("flags {}", flags.collect::<Vec<_>>().join(" "))
        }
        Mark::Pointer(_, from, to) => format!("pointer {}", pairs(&[*from, *to])),
        Mark::Callouts(names) => {
            let names = names
                .iter()
                .map(|(at, text)| format!("{} \"{text}\"", pairs(&[*at])));
            format!("callouts {}", names.collect::<Vec<_>>().join(" "))
        }
    }
}

fn dots(symbol: Symbol, points: &[Dot]) -> String {
    let points = points.iter().map(|dot| {
        let interval = dot.interval.map(|ends| format!(" in {}", range(ends)));
        format!("{}{}", pairs(&[dot.at]), interval.unwrap_or_default())
    });
    format!(
        "{}dots {:?} {:?} {}",
        if symbol.hollow { "hollow " } else { "" },
        symbol.colour,
        symbol.shape,
        points.collect::<Vec<_>>().join(", ")
    )
}

fn cell(cell: &Cell) -> String {
    let fill = cell
        .fill
        .map_or_else(|| "none".to_owned(), |colour| format!("{colour:.2?}"));
    let flags = [
        (cell.hatched, " hatched"),
        (cell.outlined, " outlined"),
        (cell.opacity < 1.0, " pale"),
    ];
    let flags: String = flags
        .into_iter()
        .filter(|(set, _)| *set)
        .map(|(_, flag)| flag)
        .collect();
    format!(
        "cell {} {} {fill}{flags} {}",
        range(cell.x),
        range(cell.y),
        cell.text.join(" / ")
    )
    .trim_end()
    .to_owned()
}

fn pairs(points: &[(f64, f64)]) -> String {
    points
        .iter()
        .map(|(x, y)| format!("{}:{}", number(*x), number(*y)))
        .collect::<Vec<_>>()
        .join(" ")
}

fn range((from, to): (f64, f64)) -> String {
    format!("{}..{}", number(from), number(to))
}

fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
