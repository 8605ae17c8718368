//! Where random choices come from: a generator of random numbers, or the bytes of a fuzzer.

/// Choices, one after the other.
pub struct Dice<'a> {
    next: Box<dyn FnMut() -> u32 + 'a>,
}

impl<'a> Dice<'a> {
    /// Every choice is made of the next number.
    pub fn new(next: impl FnMut() -> u32 + 'a) -> Dice<'a> {
        Dice {
            next: Box::new(next),
        }
    }

    /// A number below `n`; 0 if `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next)() as usize % n.max(1)
    }

    /// Whether something of this probability happens.
    pub fn chance(&mut self, percent: u32) -> bool {
        (self.next)() % 100 < percent
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// A number between 0 and 1.
    pub fn fraction(&mut self) -> f64 {
        f64::from((self.next)()) / f64::from(u32::MAX)
    }

    /// A number between these, whose logarithm is evenly spread.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.fraction())
    }
}
