//! Which interval wastes least, when failures come at random? Young, Daly, Vaidya, Jayasekara.
//!
//! Daly's, Vaidya's and Jayasekara's laws are the same function in different letters; the tests write all three and say so.

use crate::formulas::lambert::w0;

/// What a checkpoint costs and how often things break. Any unit of time, the same for all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Renewal {
    /// Time lost to one checkpoint, C or δ.
    pub cost_s: f64,
    /// Mean time between failures, M = 1/λ.
    pub mtbf_s: f64,
    /// Detection and restart, R.
    pub restart_s: f64,
}

/// Young's optimum: `τ = √(2δM)`.
///
/// Question: how much work between two checkpoints? Symbols: δ cost, M mean time between failures, s.
/// Assumptions: exponential failures, δ ≪ M, none during a checkpoint. Source: Young, CACM 17(9), 1974.
/// Fails when δ is not small against M.
pub fn young_s(law: &Renewal) -> f64 {
    (2.0 * law.cost_s * law.mtbf_s).sqrt()
}

/// Daly's higher order: `τ = √(2δM)·[1 + ⅓√(δ/2M) + ⅑(δ/2M)] − δ` for δ < 2M, else M.
///
/// Source: Daly, FGCS 22(3), 2006, eq. 37. Assumptions as for [`daly_exact_s`], of which it is a series.
pub fn daly_higher_s(law: &Renewal) -> f64 {
    let x = law.cost_s / (2.0 * law.mtbf_s);
    if law.cost_s < 2.0 * law.mtbf_s {
        young_s(law) * (1.0 + x.sqrt() / 3.0 + x / 9.0) - law.cost_s
    } else {
        law.mtbf_s
    }
}

/// The exact optimum of Daly's model: `τ = M·[1 + W₀(−e^{−1−δ/M})]`.
///
/// Question: how much work between two checkpoints minimises the expected run time?
/// Assumptions: exponential failures, also during checkpoints and restarts. Source: Daly 2006, solved with Lambert's W.
/// Does not depend on the restart time.
pub fn daly_exact_s(law: &Renewal) -> f64 {
    let w =
        w0(-libm::exp(-1.0 - law.cost_s / law.mtbf_s)).expect("the argument lies right of -1/e");
    law.mtbf_s * (1.0 + w)
}

/// The optimal period (cost included): `T* = [1 + λc + W₀(−e^{−1−λc})]/λ`; independent of restart and depth.
///
/// Source: Jayasekara, Harwood, Karunasekera, arXiv 1911.11915.
pub fn jayasekara_period_s(law: &Renewal) -> f64 {
    daly_exact_s(law) + law.cost_s
}

/// Share of time spent on useful work: `U = λ(T − c)/[(1 + λR)·e^{λ·latency}·(e^{λT} − 1)]`.
///
/// Question: what does a period T leave of the throughput? Symbols: T period, latency = depth × delay per hop until a
/// checkpoint counts, s. Assumptions: exponential failures, but none during a restart.
/// Source: renewal-reward; Jayasekara et al. with latency n·δ (whether n or n − 1 hops count is open), where failures may also
/// come during a restart: e^{λR} instead of 1 + λR.
pub fn utilisation_safe_restart(law: &Renewal, period_s: f64, latency_s: f64) -> f64 {
    let rate = 1.0 / law.mtbf_s;
    let restart = (1.0 + rate * law.restart_s) * libm::exp(rate * latency_s);
    rate * (period_s - law.cost_s) / (restart * libm::expm1(rate * period_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(actual: f64, expected: f64, relative: f64) {
        assert!(
            (actual - expected).abs() <= relative * expected.abs(),
            "{actual} is not {expected}"
        );
    }

    fn law(cost_s: f64, mtbf_s: f64, restart_s: f64) -> Renewal {
        Renewal {
            cost_s,
            mtbf_s,
            restart_s,
        }
    }

    /// Expected run time of `solve_s` of work: `T_w = M·e^{R/M}·(e^{(τ+δ)/M} − 1)·T_s/τ`.
    ///
    /// Source: Daly 2006, eq. 20. Assumptions as for [`daly_exact_s`].
    fn daly_run_time_s(law: &Renewal, work_s: f64, solve_s: f64) -> f64 {
        let m = law.mtbf_s;
        m * libm::exp(law.restart_s / m) * libm::expm1((work_s + law.cost_s) / m) * solve_s / work_s
    }

    /// Vaidya's overhead ratio: `r = e^{λ(L−C+R)}·(e^{λ(T+C)} − 1)/(λT) − 1`; useful share 1/(1 + r).
    ///
    /// Question: what if a checkpoint takes long (latency L) but costs little (overhead C)? Flink's async phase is L ≫ C.
    /// Symbols: T work between checkpoints, L latency, s. Source: Vaidya, IEEE TC 46(8), 1997.
    /// The optimal T solves e^{λ(T+C)}(1 − λT) = 1 and is [`daly_exact_s`].
    fn vaidya_overhead(law: &Renewal, work_s: f64, latency_s: f64) -> f64 {
        let rate = 1.0 / law.mtbf_s;
        let lost = libm::exp(rate * (latency_s - law.cost_s + law.restart_s));
        lost * libm::expm1(rate * (work_s + law.cost_s)) / (rate * work_s) - 1.0
    }

    /// Jayasekara's utilisation, with failures also during restarts: `U = λ(T − c)/[e^{λ(R + latency)}·(e^{λT} − 1)]`.
    fn utilisation(law: &Renewal, period_s: f64, latency_s: f64) -> f64 {
        let rate = 1.0 / law.mtbf_s;
        rate * (period_s - law.cost_s)
            / (libm::exp(rate * (law.restart_s + latency_s)) * libm::expm1(rate * period_s))
    }

    #[test]
    fn young() {
        close(young_s(&law(300.0, 86_400.0, 0.0)), 7200.0, 1e-12);
        close(young_s(&law(30.0, 3600.0, 0.0)), 464.758, 1e-6);
        close(young_s(&law(2.0, 600.0, 0.0)), 48.9898, 1e-6);
    }

    /// cost, mtbf, restart, solve time; (first order,) higher order, exact, run time at the exact optimum.
    /// The first three rows are figures 3 to 5 of the paper, in minutes: 117, 57, 9.1.
    const DALY: &str = "
        5    1440  10  30000  115.0000  116.6898  116.6901  32872.9069
        5     360  10  30000   55.0000   56.7130   56.7140  36612.9844
        5      15  10  30000    7.2474    9.1409    9.1665 150249.549
        6   86400  60 604800 1012.2338 1014.2377 1014.2377 612409.132
        30   3600 120  86400  434.7580  444.9732  444.9769 101927.221
        2     600  40   3600   46.9898   47.6655   47.6656   4180.2730";

    /// cost, mtbf, restart, latency n·δ; T*, U(T*), U(60), U(600), U(1800).
    const JAYASEKARA: &str = "
        2    600  40  0    49.6656 0.861188 0.859861 0.542628 0.146886
        2    600  40  2.5  49.6656 0.857607 0.856285 0.540372 0.146275
        5    200  10  0    46.4520 0.754078 0.747696 0.148275 0.001054
        5    200  10 10    46.4520 0.717301 0.711231 0.141044 0.001002
        10  3600  60  0   271.7033 0.911978 0.812749 0.888728 0.753797
        10  3600  60  1.6 271.7033 0.911572 0.812388 0.888333 0.753462
        30 86400 120  0  2286.8840 0.972527 0.499133 0.945391 0.971775";

    fn rows(table: &str) -> Vec<Vec<f64>> {
        let numbers = |line: &str| {
            line.split_whitespace()
                .map(|number| number.parse().unwrap())
                .collect()
        };
        table
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(numbers)
            .collect()
    }

    #[test]
    fn daly() {
        for row in rows(DALY) {
            let law = law(row[0], row[1], row[2]);
            close(daly_higher_s(&law), row[5], 1e-5);
            close(daly_exact_s(&law), row[6], 1e-5);
            close(
                daly_run_time_s(&law, daly_exact_s(&law), row[3]),
                row[7],
                1e-7,
            );
        }
    }

    #[test]
    fn beyond_twice_the_mtbf_the_series_gives_the_mtbf() {
        assert_eq!(daly_higher_s(&law(40.0, 15.0, 0.0)), 15.0);
    }

    #[test]
    fn jayasekara() {
        for row in rows(JAYASEKARA) {
            let law = law(row[0], row[1], row[2]);
            let best = jayasekara_period_s(&law);
            close(best, row[4], 1e-6);
            for (period, share) in [best, 60.0, 600.0, 1800.0].into_iter().zip(&row[5..]) {
                assert!((utilisation(&law, period, row[3]) - share).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_restart_that_cannot_fail_leaves_a_little_more() {
        assert!(
            (utilisation_safe_restart(&law(2.0, 600.0, 40.0), 60.0, 2.5) - 0.858_11).abs() < 1e-5
        );
    }

    #[test]
    fn vaidya() {
        // C = 10, R = 60, λ = 1/3600
        let law10 = law(10.0, 3600.0, 60.0);
        let work = daly_exact_s(&law10);
        close(work, 261.7033, 1e-6);
        close(vaidya_overhead(&law10, work, 10.0), 0.096_518, 1e-5);
        close(vaidya_overhead(&law10, work, 100.0), 0.124_277, 1e-5);
        let law100 = law(100.0, 3600.0, 60.0);
        close(daly_exact_s(&law100), 783.2126, 1e-6);
        close(
            vaidya_overhead(&law100, daly_exact_s(&law100), 100.0),
            0.299_531,
            1e-5,
        );
    }

    #[test]
    fn the_three_laws_are_one() {
        // Daly's T_s/T_w, Vaidya's 1/(1 + r) and Jayasekara's U at the same optimum: 0.911978
        let law = law(10.0, 3600.0, 60.0);
        let work = daly_exact_s(&law);
        let jayasekara = utilisation(&law, work + 10.0, 0.0);
        close(jayasekara, 0.911_978, 1e-6);
        close(
            1.0 / (1.0 + vaidya_overhead(&law, work, 10.0)),
            jayasekara,
            1e-12,
        );
        close(
            1000.0 / daly_run_time_s(&law, work, 1000.0),
            jayasekara,
            1e-12,
        );
    }

    #[test]
    fn the_three_laws_are_one_for_every_period_and_latency() {
        for row in rows(JAYASEKARA) {
            let law = law(row[0], row[1], row[2]);
            for period in [row[4], 60.0, 600.0, 1800.0] {
                let work = period - law.cost_s;
                let jayasekara = utilisation(&law, period, row[3]);
                let vaidya = vaidya_overhead(&law, work, law.cost_s + row[3]);
                close(1.0 / (1.0 + vaidya), jayasekara, 1e-9);
                let delayed = Renewal {
                    restart_s: law.restart_s + row[3],
                    ..law
                };
                close(
                    1000.0 / daly_run_time_s(&delayed, work, 1000.0),
                    jayasekara,
                    1e-9,
                );
            }
        }
    }

    #[test]
    fn a_checkpoint_that_costs_nothing_should_always_be_taken() {
        assert!(daly_exact_s(&law(0.0, 3600.0, 60.0)).abs() < 1e-3);
    }
}
