//! `regorus` on the twelve rules: its interpreter, and its bytecode machine.

use crate::{Failure, Hold};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Rc, Value};

const POLICY: &str = include_str!("../policies/trust-12.rego");
const ENTRY: &str = "data.trust12.hold";

/// The interpreter, with the policy compiled.
pub struct Interpreter(Engine);

/// The bytecode machine, with the program loaded.
pub struct Machine(RegoVM);

/// The lists, as objects so that membership is a look-up: `{"lists": {"listed": {"theft": true}}}`.
pub fn lists() -> String {
    let lists: Vec<String> = crate::cedar::LISTS
        .iter()
        .map(|(name, words)| {
            let words: Vec<String> = words.iter().map(|w| format!("\"{w}\":true")).collect();
            format!("\"{name}\":{{{}}}", words.join(","))
        })
        .collect();
    format!("{{\"lists\":{{{}}}}}", lists.join(","))
}

fn engine() -> Result<Engine, Failure> {
    let mut engine = Engine::new();
    engine.add_policy("trust-12.rego".to_owned(), POLICY.to_owned())?;
    engine.add_data_json(&lists())?;
    Ok(engine)
}

/// A case as the engine's own value.
///
/// # Errors
/// Text that is no JSON.
pub fn input(json: &str) -> Result<Value, Failure> {
    Ok(Value::from_json_str(json)?)
}

impl Interpreter {
    /// Parses and compiles the policy.
    ///
    /// # Errors
    /// What the engine finds.
    pub fn new() -> Result<Interpreter, Failure> {
        let mut engine = engine()?;
        engine.set_input(Value::new_object());
        engine.eval_rule(ENTRY.to_owned())?;
        Ok(Interpreter(engine))
    }

    /// Evaluates one case; the value's clone is a count of references.
    ///
    /// # Errors
    /// What the engine finds.
    #[inline]
    pub fn eval(&mut self, input: &Value) -> Result<Value, Failure> {
        self.0.set_input(input.clone());
        Ok(self.0.eval_rule(ENTRY.to_owned())?)
    }
}

impl Machine {
    /// Compiles the policy to bytecode.
    ///
    /// # Errors
    /// What the engine finds.
    pub fn new() -> Result<Machine, Failure> {
        let entry: Rc<str> = ENTRY.into();
        let compiled = engine()?.compile_with_entrypoint(&entry)?;
        let program =
            Compiler::compile_from_policy(&compiled, &[ENTRY]).map_err(|e| e.to_string())?;
        let mut vm = RegoVM::new();
        vm.set_max_instructions(usize::MAX);
        vm.load_program(program);
        vm.set_data(Value::from_json_str(&lists())?).map_err(|e| e.to_string())?;
        Ok(Machine(vm))
    }

    /// Evaluates one case.
    ///
    /// # Errors
    /// What the machine finds.
    #[inline]
    pub fn eval(&mut self, input: &Value) -> Result<Value, Failure> {
        self.0.set_input(input.clone());
        Ok(self.0.execute().map_err(|e| e.to_string())?)
    }
}

/// What a value says about holding.
pub fn hold(value: &Value) -> Hold {
    match value {
        Value::String(s) if &**s == "may" => Hold::May,
        _ => Hold::MustNot,
    }
}
