// SPDX-License-Identifier: MIT OR Apache-2.0
//! Text kernels (LSK, PCK, FK, IK, SCLK, meta-kernels): variables with numbers or texts.
//!
//! In: the text. Out: a [`Pool`]; later assignments replace earlier ones, `+=` appends.
//!
//! # Source
//! NAIF, "Kernel Required Reading" (kernel.req), section "Text kernel specifications".

mod number;
mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::SpiceError;
use number::parse_number;
use tokens::{Token, tokens};

/// Variables by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool {
    variables: BTreeMap<String, Variable>,
    /// The file that last set each variable.
    origins: BTreeMap<String, Arc<str>>,
}

/// Values of one variable; a variable holds one kind only.
#[derive(Debug, Clone, PartialEq)]
enum Variable {
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

enum Scalar {
    Number(f64),
    Text(String),
}

impl Pool {
    /// Reads the data blocks of a text kernel into the pool.
    pub fn read(&mut self, text: &str, file: &str) -> Result<(), SpiceError> {
        let mut stream = tokens(text).into_iter().peekable();
        let origin: Arc<str> = file.into();
        while let Some((line, token)) = stream.next() {
            let Token::Word(name) = token else {
                return Err(wrong(format!("expected a variable name, found {token:?}"), line, file));
            };
            let append = match stream.next() {
                Some((_, Token::Assign)) => false,
                Some((_, Token::Append)) => true,
                _ => return Err(wrong(format!("expected '=' or '+=' after {name}"), line, file)),
            };
            let mut values = Vec::new();
            match stream.next() {
                Some((_, Token::Open)) => loop {
                    match stream.next() {
                        Some((_, Token::Close)) => break,
                        Some((at, token)) => values.push(scalar(token, at, file)?),
                        None => return Err(wrong(format!("the list of {name} has no end"), line, file)),
                    }
                },
                Some((at, token)) => values.push(scalar(token, at, file)?),
                None => return Err(wrong(format!("{name} has no value"), line, file)),
            }
            let variable = collect(values)
                .ok_or_else(|| wrong(format!("{name} is empty or mixes numbers and texts"), line, file))?;
            self.origins.insert(name.clone(), Arc::clone(&origin));
            self.assign(name, variable, append).map_err(|name| {
                wrong(format!("{name} is extended with values of another kind"), line, file)
            })?;
        }
        Ok(())
    }

    fn assign(&mut self, name: String, variable: Variable, append: bool) -> Result<(), String> {
        use Variable::{Numbers, Texts};
        match (self.variables.get_mut(&name).filter(|_| append), variable) {
            (Some(Numbers(old)), Numbers(new)) => old.extend(new),
            (Some(Texts(old)), Texts(new)) => old.extend(new),
            (Some(_), _) => return Err(name),
            (None, variable) => {
                self.variables.insert(name, variable);
            }
        }
        Ok(())
    }

    /// The numbers of a variable; `None` when it is not there or holds texts.
    pub fn numbers(&self, name: &str) -> Option<&[f64]> {
        match self.variables.get(name)? {
            Variable::Numbers(numbers) => Some(numbers),
            Variable::Texts(_) => None,
        }
    }

    /// The texts of a variable; `None` when it is not there or holds numbers.
    pub fn texts(&self, name: &str) -> Option<&[String]> {
        match self.variables.get(name)? {
            Variable::Texts(texts) => Some(texts),
            Variable::Numbers(_) => None,
        }
    }

    /// Whether a variable is there.
    pub fn has(&self, name: &str) -> bool {
        self.variables.contains_key(name)
    }

    /// The file that last set a variable.
    pub fn origin(&self, name: &str) -> Option<&str> {
        self.origins.get(name).map(|file| &**file)
    }

    /// Takes a variable's texts out of the pool.
    pub fn take_texts(&mut self, name: &str) -> Option<Vec<String>> {
        match self.variables.remove(name)? {
            Variable::Texts(texts) => Some(texts),
            Variable::Numbers(_) => None,
        }
    }

    /// The first number of a variable.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.numbers(name)?.first().copied()
    }

    /// The first number of a variable, when it is a whole number.
    pub fn integer(&self, name: &str) -> Option<i32> {
        let value = self.number(name)?;
        (value.fract() == 0.0 && value.abs() <= f64::from(i32::MAX)).then_some(value as i32)
    }

    /// The first text of a variable.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts(name)?.first().map(String::as_str)
    }

    /// Names that begin with `prefix`, sorted.
    pub fn names<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.variables
            .range(prefix.to_string()..)
            .map(|(name, _)| name.as_str())
            .take_while(move |n| n.starts_with(prefix))
    }
}

fn wrong(what: String, line: usize, file: &str) -> SpiceError {
    SpiceError::format(what, format!("line {line}"), file)
}

fn scalar(token: Token, line: usize, file: &str) -> Result<Scalar, SpiceError> {
    match token {
        Token::Text(text) => Ok(Scalar::Text(text)),
        Token::Word(word) => {
            let number = word.strip_prefix('@').map_or_else(|| parse_number(&word), tokens::parse_date);
            number
                .map(Scalar::Number)
                .ok_or_else(|| wrong(format!("{word:?} is neither number nor date"), line, file))
        }
        other => Err(wrong(format!("expected a value, found {other:?}"), line, file)),
    }
}

fn collect(values: Vec<Scalar>) -> Option<Variable> {
    let mut numbers = Vec::new();
    let mut texts = Vec::new();
    for value in values {
        match value {
            Scalar::Number(number) => numbers.push(number),
            Scalar::Text(text) => texts.push(text),
        }
    }
    match (numbers.is_empty(), texts.is_empty()) {
        (false, true) => Some(Variable::Numbers(numbers)),
        (true, false) => Some(Variable::Texts(texts)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KERNEL: &str = "KPL/FK\nprose with A = 1\n  \\begindata\nA = ( 1, 2.5D1\n -3e-2 )\nB='don''t'\n\
        INS-1_F/RATIO = 7.5\n\\begintext\nC = 4\n\\begindata\nA += 7\nE = @2000-JAN-1/12:00\nF = ( 'x' 'y',)\n";

    #[test]
    fn variables_are_read_as_the_rules_say() {
        let mut pool = Pool::default();
        pool.read(KERNEL, "k").expect("sound");
        assert_eq!(pool.numbers("A"), Some(&[1.0, 25.0, -0.03, 7.0][..]));
        assert_eq!(pool.text("B"), Some("don't"));
        assert_eq!(pool.number("INS-1_F/RATIO"), Some(7.5));
        assert_eq!(pool.number("C"), None);
        assert_eq!(pool.number("E"), Some(0.0));
        assert_eq!(pool.texts("F").map(<[_]>::len), Some(2));
        assert_eq!(pool.names("IN").collect::<Vec<_>>(), ["INS-1_F/RATIO"]);
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, line) in [
            ("\\begindata\nA = (1\n", "line 2"),
            ("\\begindata\n\nA 1\n", "line 3"),
            ("\\begindata\nA = (1 'x')\n", "line 2"),
            ("\\begindata\nA = nan\n", "line 2"),
            ("\\begindata\nA = ()\n", "line 2"),
            ("\\begindata\nA = 1\nA += 'x'\n", "line 3"),
            ("\\begindata\nA = @yesterday\n", "line 2"),
            ("\\begindata\n= 1\n", "line 2"),
        ] {
            let error = Pool::default().read(text, "k.tf").expect_err(text).to_string();
            assert!(error.contains(line) && error.contains("k.tf"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "([A-Z=+()@',\n 0-9.-]|\\\\begindata\n){0,60}") {
            let _ = Pool::default().read(&format!("\\begindata\n{text}"), "any");
        }

        #[test]
        fn numbers_round_trip(values in proptest::collection::vec(proptest::num::f64::NORMAL, 1..9)) {
            let list: Vec<String> = values.iter().map(|v| format!("{v:e}").replace('e', "D")).collect();
            let mut pool = Pool::default();
            pool.read(&format!("\\begindata\nX = ( {} )\n", list.join(", ")), "x").expect("sound");
            for (found, wanted) in pool.numbers("X").expect("numbers").iter().zip(&values) {
                // As SPICE reads them: not always the nearest double; the exponent is taken in steps.
                prop_assert!((found - wanted).abs() <= 40.0 * f64::EPSILON * wanted.abs() || wanted.abs() < 1e-290);
            }
        }
    }

    #[test]
    fn truncations_never_panic() {
        for end in 0..KERNEL.len() {
            let _ = Pool::default().read(&KERNEL[..end], "cut");
        }
    }
}
