//! One seed, many independent random streams, each with a name.
//!
//! A stream is keyed by (seed, replication, name): two scenarios that differ in one place keep the same random
//! numbers everywhere else, and the order in which streams are made does not matter. The generator is PCG64-MCG, whose
//! values are fixed across versions of `rand_pcg`; the key is hashed with SHA-256.

use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, Exp1, StandardNormal};
use rand_pcg::Pcg64Mcg;
use sha2::{Digest, Sha256};

/// Name of the generator.
pub const GENERATOR: &str = "Pcg64Mcg";
/// The crate that implements it, with its version.
pub const GENERATOR_VERSION: &str = "rand_pcg 0.10.2";

/// The root of all streams of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    seed: u64,
    replication: u32,
}

/// One stream of random numbers.
#[derive(Clone, Debug)]
pub struct Stream(Pcg64Mcg);

impl Streams {
    /// Streams of this seed and replication.
    pub fn new(seed: u64, replication: u32) -> Self {
        Streams { seed, replication }
    }

    /// The stream with this name; the same name gives the same stream again.
    pub fn named(&self, name: &str) -> Stream {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        hash.update(self.replication.to_le_bytes());
        hash.update(name.as_bytes());
        let digest = hash.finalize();
        let mut seed = [0; 16];
        seed.copy_from_slice(&digest[..16]);
        Stream(Pcg64Mcg::from_seed(seed))
    }
}

impl Stream {
    /// Uniform on [0, 1).
    #[inline]
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// Uniform on {0, …, n − 1}; n ≥ 1. Bias below n / 2^32 (Lemire's multiplication).
    #[inline]
    pub fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(n)) >> 32) as u32
    }

    /// Exponential with mean 1.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        Exp1.sample(&mut self.0)
    }

    /// Normal with mean 0 and standard deviation 1.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_fixed_across_versions_and_machines() {
        let mut stream = Streams::new(42, 0).named("test");
        insta::assert_debug_snapshot!((
            stream.below(1000),
            stream.unit(),
            stream.exponential(),
            stream.normal()
        ));
    }

    #[test]
    fn a_name_a_seed_and_a_replication_each_make_another_stream() {
        let first = |seed, replication, name: &str| {
            Streams::new(seed, replication).named(name).below(u32::MAX)
        };
        assert_eq!(first(1, 0, "a"), first(1, 0, "a"));
        assert_ne!(first(1, 0, "a"), first(1, 0, "b"));
        assert_ne!(first(1, 0, "a"), first(2, 0, "a"));
        assert_ne!(first(1, 0, "a"), first(1, 1, "a"));
    }

    #[test]
    fn the_named_version_of_the_generator_is_the_locked_one() {
        let lock = include_str!("../../Cargo.lock");
        let (name, version) = GENERATOR_VERSION.split_once(' ').unwrap();
        let entry = format!("name = \"{name}\"\nversion = \"{version}\"");
        assert!(lock.contains(&entry), "{entry}");
    }
}
