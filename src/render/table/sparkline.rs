//! A row of block letters: the shape of a series in one cell.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The series from zero to its maximum in at most `width` letters; several values in one letter show their largest.
/// Values that are not finite become a space.
pub fn sparkline(values: &[f64], width: usize) -> String {
    let highest = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .fold(0.0, f64::max);
    let count = values.len().min(width);
    (0..count)
        .map(|index| {
            let part = &values[index * values.len() / count..(index + 1) * values.len() / count];
            let largest = part
                .iter()
                .copied()
                .filter(|value| value.is_finite())
                .reduce(f64::max);
            match largest {
                None => ' ',
                Some(value) if value > 0.0 => {
                    let level = (value / highest * (BLOCKS.len() - 1) as f64).round() as usize;
                    BLOCKS[level.min(BLOCKS.len() - 1)]
                }
                Some(_) => BLOCKS[0],
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_value_is_a_full_block() {
        assert_eq!(sparkline(&[0.0, 1.0, 2.0, 7.0], 10), "▁▂▃█");
        assert_eq!(sparkline(&[0.0, 7.0, 0.0, 0.0], 2), "█▁");
        assert_eq!(sparkline(&[f64::NAN, 1.0], 10), " █");
        assert_eq!(sparkline(&[0.0, -3.0], 10), "▁▁");
        assert_eq!(sparkline(&[], 10), "");
        assert_eq!(sparkline(&[1.0], 0), "");
    }
}
