//! What follows the group in the definition of a compute.

use super::bridge::{Arguments, Temperature, TemperatureKind};
use crate::{Error, Result};

const KEYWORDS: [&str; 3] = ["threads", "temperature", "on_error"];

/// The style without a column for a flag.
const FEATURES: &str = "soap/atom";

/// Reads `words`, which follow the name of the `style`: a model file, a species or NULL for each of `n_types` atom types, and
/// keywords with their values, of which the last of a kind counts.
///
/// # Errors
/// In words that go on from the name of the compute: too few names, a word that is no keyword, or a value that none may have.
pub fn arguments(style: &str, words: &[String], n_types: usize) -> Result<Arguments> {
    let refuse = |why: String| Err(Error::Input(why));
    let flag = if style == FEATURES { "" } else { " [on_error stop|warn]" };
    let usage =
        format!("Usage: compute ID group-ID {style} model.onnx name1 name2 ... [threads N] [temperature T]{flag}");
    let is_name = |word: &&String| !KEYWORDS.contains(&word.as_str());
    let behind_model = words.get(1..).unwrap_or_default();
    let n_names = behind_model.iter().take(n_types).take_while(is_name).count();
    let (Some(model), true) = (words.first(), n_names == n_types) else {
        return refuse(format!(
            "needs a model file and one species name, or NULL, for each of the {n_types} atom types, and has {n_names} names. {usage}"
        ));
    };
    let (names, keywords) = behind_model.split_at(n_types);
    let mut given = Arguments {
        model: model.clone(),
        names: names.to_vec(),
        threads: 1,
        goes_on: false,
        temperature: Temperature { kind: TemperatureKind::Absent, number: f64::NAN, name: String::new() },
    };
    for pair in keywords.chunks(2) {
        let value = pair.get(1).map_or("", String::as_str);
        match pair[0].as_str() {
            "threads" => given.threads = threads(value)?,
            "temperature" => given.temperature = temperature(value)?,
            "on_error" if style == FEATURES => return refuse("has no column for a flag; leave on_error out".into()),
            "on_error" => given.goes_on = goes_on(value)?,
            word => {
                return refuse(format!("'{word}' is no keyword, and there are {n_types} atom types to name. {usage}"));
            }
        }
    }
    Ok(given)
}

fn threads(value: &str) -> Result<usize> {
    let number = value.parse().ok().filter(|n| *n >= 1);
    number.ok_or_else(|| Error::Input(format!("needs a number of threads of at least 1, not '{value}'")))
}

fn goes_on(value: &str) -> Result<bool> {
    match value {
        "stop" => Ok(false),
        "warn" => Ok(true),
        _ => Err(Error::Input(format!("on_error must be stop or warn, not '{value}'"))),
    }
}

fn temperature(value: &str) -> Result<Temperature> {
    let named = |kind, name: &str| Temperature { kind, number: f64::NAN, name: name.into() };
    let number = value.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
    match (value.split_once('_'), number) {
        (Some(("v", name)), _) if !name.is_empty() => Ok(named(TemperatureKind::Variable, name)),
        (Some(("c", name)), _) if !name.is_empty() => Ok(named(TemperatureKind::Compute, name)),
        (_, Some(number)) => Ok(Temperature { number, ..named(TemperatureKind::Number, "") }),
        _ => Err(Error::Input(format!("the temperature is '{value}', and must be a number above 0, v_NAME or c_ID"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(style: &str, text: &str, n_types: usize) -> Result<Arguments, String> {
        let words: Vec<String> = text.split_whitespace().map(String::from).collect();
        arguments(style, &words, n_types).map_err(|e| e.to_string())
    }

    #[test]
    fn names_and_keywords() {
        let given = read("conductivity/atom", "m.onnx cation NULL", 2).unwrap();
        assert_eq!((given.model.as_str(), &given.names[..]), ("m.onnx", &["cation".to_string(), "NULL".into()][..]));
        assert_eq!((given.threads, given.goes_on, given.temperature.kind), (1, false, TemperatureKind::Absent));
        let given = read("conductivity/atom", "m.onnx a temperature 1e2 threads 9 on_error warn threads 4", 1).unwrap();
        assert_eq!((given.threads, given.goes_on, given.temperature.number), (4, true, 100.0));
        for (word, kind) in [("v_T", TemperatureKind::Variable), ("c_T", TemperatureKind::Compute)] {
            let given = read("soap/atom", &format!("m.onnx a temperature {word}"), 1).unwrap();
            assert_eq!((given.temperature.kind, given.temperature.name.as_str()), (kind, "T"));
        }
    }

    #[test]
    fn refusals_say_what_is_wrong() {
        let style = "conductivity/atom";
        let usage = "Usage: compute ID group-ID conductivity/atom model.onnx name1 name2 ... [threads N] [temperature T] [on_error stop|warn]";
        let message = read(style, "", 2).unwrap_err();
        assert!(message.ends_with(&format!("for each of the 2 atom types, and has 0 names. {usage}")), "{message}");
        assert!(read(style, "m.onnx a threads 2", 2).unwrap_err().contains("has 1 names"));
        let message = read(style, "m.onnx a b c", 2).unwrap_err();
        assert_eq!(message, format!("'c' is no keyword, and there are 2 atom types to name. {usage}"));
        for value in ["0", "-1", "two", "1.5", "99999999999999999999", ""] {
            let message = read(style, &format!("m.onnx a threads {value}"), 1).unwrap_err();
            assert_eq!(message, format!("needs a number of threads of at least 1, not '{value}'"));
        }
        for value in ["-1", "nan", "inf", "1e400", "1e-400", "v_", "c_", "x_T", ""] {
            let message = read(style, &format!("m.onnx a temperature {value}"), 1).unwrap_err();
            assert!(
                message.starts_with(&format!("the temperature is '{value}', and must be a number above 0")),
                "{message}"
            );
        }
        let flag = "m.onnx a on_error";
        assert_eq!(read(style, flag, 1).unwrap_err(), "on_error must be stop or warn, not ''");
        assert_eq!(read("soap/atom", flag, 1).unwrap_err(), "has no column for a flag; leave on_error out");
    }
}
