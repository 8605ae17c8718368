//! Reading and changing a TOML table by path.

use toml::{Table, Value};

use crate::scenario::key_path::{KeyPath, Step};

/// The value at a path.
pub fn get<'t>(table: &'t Table, path: &KeyPath) -> Option<&'t Value> {
    let (first, rest) = path.steps().split_first()?;
    let Step::Key(key) = first else { return None };
    rest.iter()
        .try_fold(table.get(key)?, |value, step| match (step, value) {
            (Step::Key(key), Value::Table(table)) => table.get(key),
            (Step::Index(index), Value::Array(array)) => array.get(*index),
            _ => None,
        })
}

/// Takes the value at a path out; `false` if there was none.
pub fn remove(table: &mut Table, path: &KeyPath) -> bool {
    let Some((last, init)) = path.steps().split_last() else {
        return false;
    };
    let Some(parent) = parent(table, init) else {
        return false;
    };
    match last {
        Step::Key(key) => parent.remove(key).is_some(),
        Step::Index(_) => false,
    }
}

/// Puts a value at a path, making tables on the way; `false` if something else is in the way.
pub fn insert(table: &mut Table, path: &KeyPath, value: Value) -> bool {
    let Some((first, rest)) = path.steps().split_first() else {
        return false;
    };
    let Step::Key(key) = first else { return false };
    let mut slot = table
        .entry(key.clone())
        .or_insert_with(|| fresh(rest.first()));
    for (position, step) in rest.iter().enumerate() {
        let next = rest.get(position + 1);
        slot = match (step, slot) {
            (Step::Key(key), Value::Table(table)) => {
                table.entry(key.clone()).or_insert_with(|| fresh(next))
            }
            (Step::Index(index), Value::Array(array)) => {
                if *index == array.len() {
                    array.push(fresh(next));
                }
                match array.get_mut(*index) {
                    Some(element) => element,
                    None => return false,
                }
            }
            _ => return false,
        };
    }
    *slot = value;
    true
}

/// A container into which `next` leads.
fn fresh(next: Option<&Step>) -> Value {
    match next {
        Some(Step::Index(_)) => Value::Array(Vec::new()),
        _ => Value::Table(Table::new()),
    }
}

fn parent<'t>(table: &'t mut Table, steps: &[Step]) -> Option<&'t mut Table> {
    let Some((first, rest)) = steps.split_first() else {
        return Some(table);
    };
    let Step::Key(key) = first else { return None };
    let mut value = table.get_mut(key)?;
    for step in rest {
        value = match (step, value) {
            (Step::Key(key), Value::Table(table)) => table.get_mut(key)?,
            (Step::Index(index), Value::Array(array)) => array.get_mut(*index)?,
            _ => return None,
        };
    }
    value.as_table_mut()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inserted_can_be_read_and_removed() {
        let mut table: Table = "[[vertex]]\nname = 'a'".parse().unwrap();
        let path = KeyPath::top("vertex").index(0).key("state").key("size");
        assert!(insert(&mut table, &path, Value::from("1 B")));
        assert_eq!(get(&table, &path), Some(&Value::from("1 B")));
        assert!(remove(&mut table, &path));
        assert_eq!(get(&table, &path), None);
        assert!(!insert(
            &mut table,
            &KeyPath::top("vertex").index(5).key("x"),
            Value::from(1)
        ));
        assert!(!insert(
            &mut table,
            &KeyPath::top("vertex").index(0).key("name").key("x"),
            Value::from(1)
        ));
    }
}
