//! `vertex.service`, and distributions wherever they stand.

use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::table::Choice;
use crate::scenario::keys::vertex::{DistributionKind, Service as ServiceTable};
use crate::scenario::resolve::problems::Problems;
use crate::scenario::vertex::{Distribution, Service};
use crate::units::SimDuration;

/// Time per record of a vertex that gives none: a mapping without much to do; chosen.
const SERVICE_DEFAULT: SimDuration = SimDuration::from_micros(1);

/// Time per record.
pub(super) fn service(
    table: Option<&ServiceTable>,
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Service {
    let given = table.cloned().unwrap_or_default();
    let mean = given.mean.unwrap_or(SERVICE_DEFAULT);
    if mean > SimDuration::from_secs(86_400) {
        problems.error(path, "a record cannot take more than a day");
    }
    let shape = LawTable {
        distribution: given
            .distribution
            .unwrap_or(DistributionKind::Deterministic),
        sigma: given.sigma,
        cv: given.cv,
        spread: given.spread,
    };
    Service {
        mean,
        law: law(&shape, path, problems),
    }
}

/// The keys of a distribution, wherever they stand.
pub(super) struct LawTable {
    pub(super) distribution: DistributionKind,
    pub(super) sigma: Option<f64>,
    pub(super) cv: Option<f64>,
    pub(super) spread: Option<f64>,
}

/// A distribution and its one parameter.
pub(super) fn law(table: &LawTable, path: &KeyPath, problems: &mut Problems<'_>) -> Distribution {
    let owners = [
        ("sigma", DistributionKind::Lognormal),
        ("cv", DistributionKind::Lognormal),
        ("spread", DistributionKind::Uniform),
    ];
    for (key, owner) in owners {
        if owner != table.distribution && problems.given(&path.key(key)) {
            problems
                .key_error(
                    &path.key(key),
                    format!("`{key}` belongs to another distribution"),
                )
                .help(format!("add `distribution = \"{}\"`", owner.word()));
        }
    }
    match table.distribution {
        DistributionKind::Deterministic => Distribution::Deterministic,
        DistributionKind::Exponential => Distribution::Exponential,
        DistributionKind::Lognormal => Distribution::Lognormal {
            sigma: sigma(table, path, problems),
        },
        DistributionKind::Uniform => {
            if table.spread.is_none() {
                problems.missing(
                    &path.key("spread"),
                    "a uniform distribution without `spread`",
                    "add `spread = 0.5`",
                );
            }
            let spread = table.spread.unwrap_or(0.0);
            if spread > 1.0 {
                problems.error(
                    &path.key("spread"),
                    "`spread` must be at most 1, or times would be negative",
                );
            }
            Distribution::Uniform { spread }
        }
    }
}

fn sigma(table: &LawTable, path: &KeyPath, problems: &mut Problems<'_>) -> f64 {
    let (key, sigma) = match (table.sigma, table.cv) {
        (Some(sigma), None) => ("sigma", sigma),
        // cv² = exp(σ²) − 1 for a lognormal law.
        (None, Some(cv)) => ("cv", libm::sqrt(libm::log1p(cv * cv))),
        (Some(_), Some(_)) => {
            problems.key_error(
                &path.key("cv"),
                "`sigma` and `cv` say the same thing: give one of them",
            );
            return 0.0;
        }
        (None, None) => {
            let message = "a lognormal distribution without `sigma` or `cv`";
            problems.missing(
                &path.key("sigma"),
                message,
                "add `cv = 0.5` (standard deviation divided by mean)",
            );
            return 0.0;
        }
    };
    if sigma > 5.0 {
        problems.error(
            &path.key(key),
            "a lognormal distribution with a sigma above 5 has no useful mean",
        );
    }
    sigma
}
