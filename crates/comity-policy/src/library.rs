//! The policy library: all instruments, and which of them a question is about.

use crate::decide::ClauseRef;
use crate::file;
use crate::policy::Policy;
use comity_model::schema::nearest;
use comity_model::tree::Node;
use comity_model::{CaseFacts, Day, Diagnostic, Places, SourceText, place, tree};
use std::collections::HashMap;

/// Index of a policy in its library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyIndex(pub u16);

/// One file: its name and bytes.
#[derive(Debug, Clone)]
pub struct PolicyFile {
    /// The name shown in messages, such as `policies/states/us-ca.toml`.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Which instruments a question is asked under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Those in force at the case's place and day.
    InForce,
    /// These, as though they were in force here and now.
    Under(Vec<PolicyIndex>),
    /// Those of these that are in force at the case's place and day.
    Only(Vec<PolicyIndex>),
}

impl Scope {
    /// True where place and dates are set aside.
    pub fn is_counterfactual(&self) -> bool {
        matches!(self, Scope::Under(_))
    }
}

/// All instruments, highest level first.
#[derive(Debug, Default)]
pub struct Library {
    policies: Vec<Policy>,
    cases: Vec<Vec<Node>>,
    by_id: HashMap<String, PolicyIndex>,
    everywhere: Vec<PolicyIndex>,
    by_state: HashMap<String, Vec<PolicyIndex>>,
    places: Places,
    warnings: Vec<Diagnostic>,
}

/// Name of the registry of places among the files of a library.
pub const PLACES_FILE: &str = "places.toml";

impl Library {
    /// Loads a library: the registry of places and every policy file.
    ///
    /// # Errors
    /// Every finding of every file; a library with an error is not used.
    pub fn load(files: &[PolicyFile]) -> Result<Library, Vec<Diagnostic>> {
        let (library, findings) = Library::load_what_is_good(files);
        if findings.iter().any(Diagnostic::is_error) { Err(findings) } else { Ok(library) }
    }

    /// Loads the files that have no error, and reports the others.
    pub fn load_what_is_good(files: &[PolicyFile]) -> (Library, Vec<Diagnostic>) {
        let mut findings = Vec::new();
        let places = read_places(files, &mut findings);
        let mut loaded = Vec::new();
        for f in files.iter().filter(|f| !f.name.ends_with(PLACES_FILE)) {
            match file::load(&f.name, &f.bytes, &places) {
                Ok(l) => {
                    findings.extend(l.warnings);
                    loaded.push((l.policy, l.cases));
                }
                Err(errors) => findings.extend(errors),
            }
        }
        let library = Library::of(loaded, places, &mut findings);
        (library, findings)
    }

    fn of(
        mut loaded: Vec<(Policy, Vec<Node>)>,
        places: Places,
        findings: &mut Vec<Diagnostic>,
    ) -> Library {
        loaded.sort_by(|a, b| (a.0.level, &a.0.id).cmp(&(b.0.level, &b.0.id)));
        let mut library = Library { places, ..Library::default() };
        for (policy, cases) in loaded {
            let index = PolicyIndex(library.policies.len() as u16);
            if let Some(old) = library.by_id.get(&policy.id.0) {
                let other = &library.policies[old.0 as usize].file;
                let d = Diagnostic::error(
                    "duplicate-policy-id",
                    format!("`{}` is also the id of {other}", policy.id),
                );
                findings.push(SourceText { name: &policy.file, text: "" }.locate(d, None));
                continue;
            }
            library.by_id.insert(policy.id.0.clone(), index);
            library.file_by_place(&policy, index);
            library.policies.push(policy);
            library.cases.push(cases);
        }
        library.overlaps(findings);
        library
    }

    fn file_by_place(&mut self, policy: &Policy, index: PolicyIndex) {
        let mut states: Vec<&str> = policy.places.iter().filter_map(|p| p.state()).collect();
        states.sort_unstable();
        states.dedup();
        if policy.places.iter().any(|p| p.state().is_none()) {
            self.everywhere.push(index);
            return;
        }
        for state in states {
            self.by_state.entry(state.to_owned()).or_default().push(index);
        }
    }

    /// Versions of one instrument may not overlap.
    fn overlaps(&self, findings: &mut Vec<Diagnostic>) {
        let mut by_instrument: HashMap<&str, Vec<&Policy>> = HashMap::new();
        for p in &self.policies {
            by_instrument.entry(&p.instrument).or_default().push(p);
        }
        for versions in by_instrument.values_mut() {
            versions.sort_by_key(|p| p.from);
            for pair in versions.windows(2) {
                let (a, b) = (pair[0], pair[1]);
                if a.until.is_none_or(|u| u >= b.from) {
                    let message = format!(
                        "`{}` starts on {} while `{}` is still in force: two versions of `{}`",
                        b.id, b.from, a.id, a.instrument
                    );
                    let d = Diagnostic::error("overlapping-versions", message).help(format!(
                        "end {} on {}",
                        a.file,
                        b.from.plus_days(-1)
                    ));
                    findings.push(
                        SourceText { name: &b.file, text: "" }.locate(d.path("in_force"), None),
                    );
                }
            }
        }
    }

    /// The same library with drafts: a draft replaces the policy of its id, or is added.
    ///
    /// # Errors
    /// Findings of the drafts.
    pub fn with_drafts(
        files: &[PolicyFile],
        drafts: &[PolicyFile],
    ) -> Result<Library, Vec<Diagnostic>> {
        let mut findings = Vec::new();
        let places = read_places(files, &mut findings);
        let mut loaded: Vec<(Policy, Vec<Node>)> = Vec::new();
        for f in files.iter().filter(|f| !f.name.ends_with(PLACES_FILE)) {
            let l = file::load(&f.name, &f.bytes, &places)?;
            loaded.push((l.policy, l.cases));
        }
        for f in drafts {
            let l = file::load(&f.name, &f.bytes, &places)?;
            loaded.retain(|(p, _)| p.id != l.policy.id);
            loaded.push((l.policy, l.cases));
        }
        let library = Library::of(loaded, places, &mut findings);
        if findings.iter().any(Diagnostic::is_error) { Err(findings) } else { Ok(library) }
    }

    /// This library with a draft, which replaces the policy of its id or is added; where the
    /// draft is in it, and what was found in loading it. The library itself stays as it is.
    ///
    /// # Errors
    /// Findings of the draft.
    pub fn with_draft(
        &self,
        draft: &PolicyFile,
    ) -> Result<(Library, PolicyIndex, Vec<Diagnostic>), Vec<Diagnostic>> {
        let l = file::load(&draft.name, &draft.bytes, &self.places)?;
        let id = l.policy.id.0.clone();
        let mut findings = l.warnings;
        let pairs = self.policies.iter().cloned().zip(self.cases.iter().cloned());
        let mut loaded: Vec<(Policy, Vec<Node>)> =
            pairs.filter(|(p, _)| p.id != l.policy.id).collect();
        loaded.push((l.policy, l.cases));
        let library = Library::of(loaded, self.places.clone(), &mut findings);
        if findings.iter().any(Diagnostic::is_error) {
            return Err(findings);
        }
        let index = library.find(&id).map_err(|d| vec![*d])?;
        Ok((library, index, findings))
    }

    /// All policies, highest level first.
    pub fn policies(&self) -> impl Iterator<Item = (PolicyIndex, &Policy)> {
        self.policies.iter().enumerate().map(|(i, p)| (PolicyIndex(i as u16), p))
    }

    /// Number of policies.
    pub fn len(&self) -> usize {
        self.policies.len()
    }

    /// True without policies.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// One policy.
    #[inline]
    pub fn policy(&self, index: PolicyIndex) -> &Policy {
        &self.policies[index.0 as usize]
    }

    /// A clause as tables name it: the ids of its policy and of its rule.
    pub fn clause_name(&self, clause: ClauseRef) -> String {
        let policy = self.policy(clause.policy);
        format!("{} {}", policy.id, policy.clauses[clause.clause as usize].id)
    }

    /// A policy's own cases, as read.
    pub fn cases(&self, index: PolicyIndex) -> &[Node] {
        &self.cases[index.0 as usize]
    }

    /// The registry of places.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// Warnings of loading.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The policy of that id, or an error that suggests the nearest one.
    pub fn find(&self, id: &str) -> Result<PolicyIndex, Box<Diagnostic>> {
        self.by_id.get(id).copied().ok_or_else(|| {
            // Later versions first: of two names that are equally near, the newer one.
            let near = nearest(id, self.policies.iter().rev().map(|p| p.id.0.as_str()));
            let d = Diagnostic::error("unknown-policy", format!("there is no policy `{id}`"));
            Box::new(d.help(near.map_or_else(
                || "`comity policy list` shows every id".to_owned(),
                |n| format!("did you mean `{n}`?"),
            )))
        })
    }

    /// The scope of some policies as though they were in force here and now.
    ///
    /// # Errors
    /// An id that the library does not have.
    pub fn scope_under<S: AsRef<str>>(&self, ids: &[S]) -> Result<Scope, Box<Diagnostic>> {
        let mut found: Vec<PolicyIndex> =
            ids.iter().map(|id| self.find(id.as_ref())).collect::<Result<_, _>>()?;
        found.sort_unstable();
        found.dedup();
        Ok(Scope::Under(found))
    }

    /// Visits every policy that may bind the case, highest level first.
    pub(crate) fn each_candidate<'a>(
        &'a self,
        facts: &CaseFacts,
        scope: &Scope,
        mut visit: impl FnMut(PolicyIndex, &'a Policy),
    ) {
        match scope {
            Scope::Under(list) | Scope::Only(list) => {
                list.iter().for_each(|i| visit(*i, self.policy(*i)));
            }
            Scope::InForce => match facts.get_text(place::STATE) {
                None => self.policies().for_each(|(i, p)| visit(i, p)),
                Some(state) => {
                    let here = self.by_state.get(state).map_or(&[][..], Vec::as_slice);
                    merge(&self.everywhere, here, |i| visit(i, self.policy(i)));
                }
            },
        }
    }

    /// Days on which some instrument of the case's place starts, or has just ended.
    pub fn days_of_change(&self, facts: &CaseFacts, scope: &Scope) -> Vec<Day> {
        let mut days = Vec::new();
        self.each_candidate(facts, scope, |_, p| {
            days.push(p.from);
            days.extend(p.until.map(|u| u.plus_days(1)));
        });
        days.sort_unstable();
        days.dedup();
        days
    }
}

fn read_places(files: &[PolicyFile], findings: &mut Vec<Diagnostic>) -> Places {
    let Some(f) = files.iter().find(|f| f.name.ends_with(PLACES_FILE)) else {
        findings.push(
            Diagnostic::error("missing-places", "the registry of places is missing")
                .help(format!("the policies folder needs {PLACES_FILE}")),
        );
        return Places::default();
    };
    let parsed = tree::text_of(&f.name, &f.bytes)
        .map_err(|d| vec![*d])
        .and_then(|text| Places::parse(&SourceText { name: &f.name, text }));
    parsed.unwrap_or_else(|errors| {
        findings.extend(errors);
        Places::default()
    })
}

/// Visits two sorted lists in order.
fn merge(a: &[PolicyIndex], b: &[PolicyIndex], mut visit: impl FnMut(PolicyIndex)) {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let next = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if x <= y => a.next(),
            (_, Some(_)) => b.next(),
            _ => a.next(),
        };
        match next {
            Some(i) => visit(*i),
            None => return,
        }
    }
}
