//! JSON in which no key stands twice: programs differ in which of two values they take.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Some JSON, of which nothing is kept; it cannot be read from a text with a key that stands twice in one object.
pub(super) struct Unrepeated;

impl<'de> Deserialize<'de> for Unrepeated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Unrepeated;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unrepeated, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value::<Unrepeated>()?;
            if let Some(key) = keys.replace(key) {
                return Err(A::Error::custom(format!("the key '{key}' stands twice")));
            }
        }
        Ok(Unrepeated)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Unrepeated, A::Error> {
        while list.next_element::<Unrepeated>()?.is_some() {}
        Ok(Unrepeated)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_unit<E>(self) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_may_stand_once_in_each_object() {
        let read = |text| serde_json::from_str::<Unrepeated>(text).map(|_| ()).map_err(|e| e.to_string());
        let good = r#"{"a": {"b": [1, -2, 3.5, "b", null, true]}, "b": {"a": {}, "b": [{"a": 1}, {"a": 1}]}}"#;
        assert_eq!(read(good), Ok(()));
        for twice in
            [r#"{"b": 1, "a": 2, "b": 1}"#, r#"{"a": [1, {"c": {"b": 1, "b": {}}}]}"#, r#"{"b": 0, "\u0062": 0}"#]
        {
            assert!(read(twice).unwrap_err().starts_with("the key 'b' stands twice at line 1"), "{twice}");
        }
    }
}
