//! How long does a record wait? Single queues, several servers, limited room, tandems.

/// A queue: λ arrivals and μ services per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Queue {
    /// Arrivals per second, λ.
    pub arrivals_per_s: f64,
    /// Services per second of one server, μ.
    pub services_per_s: f64,
}

/// What a queue with limited room does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limited {
    /// Share of arrivals that find no room.
    pub full: f64,
    /// Mean number in the system.
    pub number: f64,
    /// Served per second.
    pub throughput_per_s: f64,
}

impl Queue {
    /// Utilisation of one server, ρ = λ/μ.
    pub fn utilisation(&self) -> f64 {
        self.arrivals_per_s / self.services_per_s
    }
}

/// Mean number in an M/M/1 system, L = ρ/(1 − ρ); `None` at or beyond saturation.
///
/// Question: how many records wait or are served? Assumptions: Poisson arrivals, exponential service, one server,
/// unlimited room. Source: Kleinrock vol. 1, eq. 3.24. Fails for limited buffers (see [`mm1k`]).
pub fn mm1_number(queue: Queue) -> Option<f64> {
    stable(queue.utilisation()).map(|rho| rho / (1.0 - rho))
}

/// Mean time in an M/M/1 system, W = 1/(μ − λ) s; `None` at or beyond saturation. Assumptions as [`mm1_number`].
pub fn mm1_time_s(queue: Queue) -> Option<f64> {
    stable(queue.utilisation()).map(|_| 1.0 / (queue.services_per_s - queue.arrivals_per_s))
}

/// Quantile `q` of the time in an M/M/1 system, −ln(1 − q)/(μ − λ) s. Assumptions as [`mm1_number`].
pub fn mm1_time_quantile_s(queue: Queue, q: f64) -> Option<f64> {
    mm1_time_s(queue).map(|mean| -mean * libm::log1p(-q))
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

/// Probability that an arrival has to wait in M/M/c (Erlang C); `None` at or beyond saturation.
///
/// Formula: C = B/(1 − ρ(1 − B)), B by Erlang's recursion; ρ = λ/(cμ). Source: Erlang 1917.
pub fn erlang_c(queue: Queue, servers: usize) -> Option<f64> {
    let load = queue.utilisation();
    let rho = stable(load / servers as f64)?;
    let blocked = (1..=servers).fold(1.0, |b, i| load * b / (i as f64 + load * b));
    Some(blocked / (1.0 - rho * (1.0 - blocked)))
}

/// Mean wait before service in M/M/c, C/(cμ − λ) s.
pub fn mmc_wait_s(queue: Queue, servers: usize) -> Option<f64> {
    erlang_c(queue, servers)
        .map(|c| c / (servers as f64 * queue.services_per_s - queue.arrivals_per_s))
}

/// M/M/1 with room for K in the system, service included.
///
/// Question: how often is a limited buffer full? Formula: `P_K = (1 − ρ)ρ^K/(1 − ρ^{K+1})`; ρ = 1: `1/(K + 1)`.
/// Assumptions: Poisson, exponential; an arrival that finds no room is lost. Source: Kleinrock vol. 1, eq. 3.45.
/// Fails as a model of backpressure, where the producer waits instead.
pub fn mm1k(queue: Queue, room: usize) -> Limited {
    let rho = queue.utilisation();
    // By direct summation, so that ρ = 1 needs no case of its own.
    let weights: Vec<f64> = (0..=room).map(|n| libm::pow(rho, n as f64)).collect();
    let total: f64 = weights.iter().sum();
    let number = weights
        .iter()
        .enumerate()
        .map(|(n, weight)| n as f64 * weight)
        .sum::<f64>()
        / total;
    let full = weights[room] / total;
    Limited {
        full,
        number,
        throughput_per_s: queue.arrivals_per_s * (1.0 - full),
    }
}

/// Mean, standard deviation and mean number of a tandem of M/M/1 queues.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tandem {
    /// Mean time through all stages.
    pub time_s: f64,
    /// Its standard deviation.
    pub time_sd_s: f64,
    /// Mean number in all stages.
    pub number: f64,
}

/// A tandem of M/M/1 stages; `None` if a stage is saturated.
///
/// Question: how long does a record take through a pipeline? Formula: `W = Σ 1/(μ_i − λ)`, variance `Σ 1/(μ_i − λ)²`.
/// Assumptions: Poisson input, exponential independent services, unlimited room. Source: Jackson 1957; Burke 1956.
pub fn tandem(arrivals_per_s: f64, services_per_s: &[f64]) -> Option<Tandem> {
    let stages = services_per_s.iter().map(|&services_per_s| {
        mm1_time_s(Queue {
            arrivals_per_s,
            services_per_s,
        })
    });
    let each: Vec<f64> = stages.collect::<Option<_>>()?;
    let time_s = each.iter().sum();
    Some(Tandem {
        time_s,
        time_sd_s: each.iter().map(|time| time * time).sum::<f64>().sqrt(),
        number: arrivals_per_s * time_s,
    })
}

/// Quantile `q` (0 to 1) of the time through a tandem of M/M/1 stages, s; `None` if a stage is saturated or two stages have
/// the same `μ_i − λ`.
///
/// Formula: hypo-exponential, P(W > t) = Σ_i e^{−r_i·t}·Π_{j≠i} r_j/(r_j − r_i), r_i = μ_i − λ; solved by halving.
/// Assumptions as [`tandem`].
pub fn tandem_quantile_s(arrivals_per_s: f64, services_per_s: &[f64], q: f64) -> Option<f64> {
    let rates: Vec<f64> = services_per_s
        .iter()
        .map(|service| service - arrivals_per_s)
        .collect();
    let differ = |i: usize| {
        rates[..i]
            .iter()
            .all(|other| (other - rates[i]).abs() > 1e-9)
    };
    if rates.iter().any(|rate| *rate <= 0.0) || !(0..rates.len()).all(differ) {
        return None;
    }
    let longer = |time: f64| -> f64 {
        let term = |i: usize| {
            let others = rates.iter().enumerate().filter(|(j, _)| *j != i);
            let weight: f64 = others.map(|(_, rate)| rate / (rate - rates[i])).product();
            weight * libm::exp(-rates[i] * time)
        };
        (0..rates.len()).map(term).sum()
    };
    let slowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let (mut low, mut high) = (0.0, 1.0 / slowest);
    while longer(high) > 1.0 - q && high < 1e6 / slowest {
        high *= 2.0;
    }
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if longer(middle) > 1.0 - q {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
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

    fn at(utilisation: f64, servers: usize) -> Queue {
        Queue {
            arrivals_per_s: 100.0 * utilisation * servers as f64,
            services_per_s: 100.0,
        }
    }

    #[test]
    fn single_servers_of_100_per_second() {
        // ρ; M/M/1 L, W ms, p99 ms; M/D/1 and M/G/1 (c² = 4) wait, ms
        let table = [
            (0.5, 1.0, 20.0, 92.103, 5.0, 25.0),
            (0.7, 2.333_33, 33.3333, 153.506, 11.6667, 58.3333),
            (0.8, 4.0, 50.0, 230.259, 20.0, 100.0),
            (0.9, 9.0, 100.0, 460.517, 45.0, 225.0),
            (0.95, 19.0, 200.0, 921.034, 95.0, 475.0),
        ];
        for (rho, number, time, p99, deterministic, wild) in table {
            close(mm1_number(at(rho, 1)).unwrap(), number);
            close(mm1_time_s(at(rho, 1)).unwrap() * 1e3, time);
            close(mm1_time_quantile_s(at(rho, 1), 0.99).unwrap() * 1e3, p99);
            close(mg1_wait_s(at(rho, 1), 0.0).unwrap() * 1e3, deterministic);
            close(mg1_wait_s(at(rho, 1), 4.0).unwrap() * 1e3, wild);
        }
    }

    #[test]
    fn several_servers() {
        let table = [
            (2, 0.8, 0.711_111, 17.777_78),
            (4, 0.8, 0.596_432, 7.455_41),
            (8, 0.8, 0.457_645, 2.860_28),
            (8, 0.95, 0.844_169, 21.104_22),
            (16, 0.9, 0.591_343, 3.695_90),
        ];
        for (servers, rho, waits, wait_ms) in table {
            close(erlang_c(at(rho, servers), servers).unwrap(), waits);
            close(
                mmc_wait_s(at(rho, servers), servers).unwrap() * 1e3,
                wait_ms,
            );
        }
    }

    #[test]
    fn limited_room() {
        let table = [
            (10, 0.8, 2.349_286e-2, 2.966_31),
            (10, 1.0, 1.0 / 11.0, 5.0),
            (10, 1.2, 1.925_865e-1, 6.710_71),
            (64, 0.95, 1.945_562e-3, 16.597_23),
            (64, 1.05, 4.970_395e-2, 46.845_90),
        ];
        for (room, rho, full, number) in table {
            let limited = mm1k(at(rho, 1), room);
            close(limited.full, full);
            close(limited.number, number);
        }
        close(mm1k(at(1.2, 1), 10).throughput_per_s, 96.8896);
    }

    #[test]
    fn a_tandem_of_three() {
        let tandem = tandem(80.0, &[100.0, 120.0, 90.0]).unwrap();
        close(tandem.time_s, 0.175);
        close(tandem.time_sd_s, 0.114_564_4);
        close(tandem.number, 14.0);
        let quantile = |q| tandem_quantile_s(80.0, &[100.0, 120.0, 90.0], q).unwrap();
        close(quantile(0.5), 0.149_066_8);
        close(quantile(0.99), 0.558_317_5);
    }

    #[test]
    fn at_saturation_there_is_no_steady_state() {
        assert_eq!(mm1_time_s(at(1.0, 1)), None);
        assert_eq!(erlang_c(at(1.0, 4), 4), None);
        assert_eq!(tandem(100.0, &[120.0, 90.0]), None);
        assert_eq!(tandem_quantile_s(100.0, &[120.0, 90.0], 0.5), None);
        assert_eq!(tandem_quantile_s(100.0, &[120.0, 120.0], 0.5), None);
    }

    #[test]
    fn one_server_of_many_is_the_single_server() {
        assert_eq!(erlang_c(at(0.5, 1), 1), Some(0.5));
    }
}
