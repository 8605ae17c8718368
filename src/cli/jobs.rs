//! How many runs at a time: the option of every command that makes many.

/// `--jobs`.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Jobs {
    /// Parallel runs; 0 = one per core. Never more than there are runs to make, nor than four per core
    #[arg(short, long, default_value_t = 0)]
    pub jobs: usize,
}
