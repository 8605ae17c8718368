//! On what a recorded job ran: the processors of a TaskManager.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::recording::answers::number::number;

/// Processors of each TaskManager of `/taskmanagers`: those of its machine, divided among the TaskManagers there. `None` if
/// the answer does not say, or not the same of all.
pub fn cores(taskmanagers: &Value) -> Option<f64> {
    let all = taskmanagers["taskmanagers"].as_array()?;
    let machines: Vec<&str> = all.iter().map(machine).collect::<Option<_>>()?;
    let mut there: BTreeMap<&str, f64> = BTreeMap::new();
    for machine in &machines {
        *there.entry(machine).or_default() += 1.0;
    }
    let cores = all.iter().zip(&machines).map(|(taskmanager, machine)| {
        let of_machine = number(&taskmanager["hardware"]["cpuCores"])?;
        Some(of_machine / there[machine])
    });
    let cores: Vec<f64> = cores.collect::<Option<_>>()?;
    let first = *cores.first().filter(|cores| **cores > 0.0)?;
    let alike = cores.iter().all(|cores| (cores / first - 1.0).abs() < 1e-9);
    alike.then_some(first)
}

/// The host of `pekko.tcp://flink@host:port/user/rpc/taskmanager_0`.
fn machine(taskmanager: &Value) -> Option<&str> {
    let (_, address) = taskmanager["path"].as_str()?.split_once('@')?;
    let address = address.split('/').next()?;
    Some(address.rsplit_once(':')?.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn taskmanager(host: &str, cores: u32) -> Value {
        let path = format!("pekko.tcp://flink@{host}:43397/user/rpc/taskmanager_0");
        json!({ "path": path, "hardware": { "cpuCores": cores } })
    }

    #[test]
    fn taskmanagers_of_one_machine_share_its_processors() {
        let of = |all: &[Value]| cores(&json!({ "taskmanagers": all }));
        assert_eq!(of(&[taskmanager("a", 4), taskmanager("b", 4)]), Some(4.0));
        assert_eq!(of(&[taskmanager("a", 4), taskmanager("a", 4)]), Some(2.0));
        assert_eq!(
            of(&[taskmanager("::1", 2), taskmanager("::1", 2)]),
            Some(1.0)
        );
        assert_eq!(of(&[taskmanager("a", 4), taskmanager("b", 2)]), None);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[json!({ "hardware": { "cpuCores": 2 } })]), None);
        assert_eq!(cores(&Value::Null), None);
    }
}
