//! How long does a record wait in front of a single server?

/// A queue: λ arrivals and μ services per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Queue {
    /// Arrivals per second, λ.
    pub arrivals_per_s: f64,
    /// Services per second of one server, μ.
    pub services_per_s: f64,
}

impl Queue {
    /// Utilisation of one server, ρ = λ/μ.
    pub fn utilisation(&self) -> f64 {
        self.arrivals_per_s / self.services_per_s
    }
}

/// Mean wait before service in M/G/1, (1 + c²)/2·ρ/(μ(1 − ρ)) s; c² = 1 is M/M/1, c² = 0 is M/D/1.
///
/// Question: how long does a record wait in front of a task? Symbols: c² squared coefficient of variation of service.
/// Assumptions: Poisson arrivals, one server, first come first served. Source: Pollaczek and Khinchine.
/// Fails for arrivals in batches, such as flushed buffers.
pub fn mg1_wait_s(queue: Queue, service_scv: f64) -> Option<f64> {
    stable(queue.utilisation())
        .map(|rho| f64::midpoint(1.0, service_scv) * rho / (queue.services_per_s * (1.0 - rho)))
}

fn stable(utilisation: f64) -> Option<f64> {
    (utilisation < 1.0).then_some(utilisation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(actual: f64, expected: f64) {
        assert!(
            (actual - expected).abs() <= 2e-5 * expected.abs(),
            "{actual} is not {expected}"
        );
    }

    fn at(utilisation: f64) -> Queue {
        Queue {
            arrivals_per_s: 100.0 * utilisation,
            services_per_s: 100.0,
        }
    }

    #[test]
    fn single_servers_of_100_per_second() {
        // ρ; wait in M/D/1, M/M/1 and M/G/1 with c² = 4, ms
        let table = [
            (0.5, 5.0, 10.0, 25.0),
            (0.7, 11.6667, 23.3333, 58.3333),
            (0.8, 20.0, 40.0, 100.0),
            (0.9, 45.0, 90.0, 225.0),
            (0.95, 95.0, 190.0, 475.0),
        ];
        for (rho, deterministic, exponential, wild) in table {
            close(mg1_wait_s(at(rho), 0.0).unwrap() * 1e3, deterministic);
            close(mg1_wait_s(at(rho), 1.0).unwrap() * 1e3, exponential);
            close(mg1_wait_s(at(rho), 4.0).unwrap() * 1e3, wild);
        }
    }

    #[test]
    fn at_saturation_there_is_no_steady_state() {
        assert_eq!(mg1_wait_s(at(1.0), 1.0), None);
    }
}
