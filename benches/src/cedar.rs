//! `cedar-policy` on the twelve rules.

use crate::{Failure, Hold};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request, Response,
};

const POLICY: &str = include_str!("../policies/trust-12.cedar");

/// The lists of the policy, by the name they have in Rego and Cedar.
pub const LISTS: &[(&str, &[&str])] = &[
    (
        "listed",
        &[
            "assault",
            "aggravated_assault",
            "assault_on_officer",
            "battery",
            "domestic_violence",
            "threats",
            "child_sexual_abuse",
            "sexual_exploitation",
            "child_abuse",
            "burglary",
            "burglary_vehicle",
            "robbery",
            "carjacking",
            "theft",
            "shoplifting",
            "motor_vehicle_theft",
            "receiving_stolen_property",
            "fraud",
            "identity_theft",
            "forgery",
            "embezzlement",
            "extortion",
            "obstruction",
            "resisting_arrest",
            "bribery",
            "escape",
            "weapon_unlawful",
            "firearm_unlawful",
            "explosives",
            "vandalism_with_priors",
            "gang",
            "great_bodily_injury",
            "capital_murder",
            "murder",
            "manslaughter",
            "vehicular_homicide",
            "firearm_in_offense",
            "sex_registration",
            "false_imprisonment",
            "human_trafficking",
            "money_laundering",
            "torture_mayhem",
            "public_safety_threat",
            "arson",
            "elder_abuse",
            "hate_crime",
            "stalking",
            "solicitation",
            "offense_on_bail",
            "sexual_assault",
            "aggravated_sexual_assault",
            "kidnapping",
        ],
    ),
    ("unclear", &["trespass", "inchoate", "lewdness", "hit_and_run_injury", "other"]),
    ("felony_only", &["dui", "dui_felony", "dui_injury", "drug_possession", "drug_trafficking"]),
    ("driving", &["dui", "dui_felony", "dui_injury"]),
    ("dropped", &["dismissed", "acquitted"]),
    ("judges", &["federal_judge", "federal_magistrate"]),
];

/// The authorizer with the policy parsed and the law's lists as an entity.
pub struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    uids: [EntityUid; 3],
}

impl Cedar {
    /// Parses the policy.
    ///
    /// # Errors
    /// What the parser finds.
    pub fn new() -> Result<Cedar, Failure> {
        let attributes: Vec<String> =
            LISTS.iter().map(|(n, words)| format!("\"{n}\":{words:?}")).collect();
        let law = format!(
            "[{{\"uid\":{{\"type\":\"Law\",\"id\":\"trust-12\"}},\"attrs\":{{{}}},\"parents\":[]}}]",
            attributes.join(",")
        );
        Ok(Cedar {
            authorizer: Authorizer::new(),
            policies: POLICY.parse()?,
            entities: Entities::from_json_str(&law, None)?,
            uids: [
                "Agency::\"jail\"".parse()?,
                "Action::\"hold\"".parse()?,
                "Law::\"trust-12\"".parse()?,
            ],
        })
    }

    /// A case as a request.
    ///
    /// # Errors
    /// Text that is no context.
    pub fn request(&self, json: &str) -> Result<Request, Failure> {
        let context = Context::from_json_str(json, None)?;
        let [principal, action, resource] = self.uids.clone();
        Ok(Request::new(principal, action, resource, context, None)?)
    }

    /// Evaluates one case.
    #[inline]
    pub fn eval(&self, request: &Request) -> Response {
        self.authorizer.is_authorized(request, &self.policies, &self.entities)
    }
}

/// What a response says about holding.
pub fn hold(response: &Response) -> Hold {
    match response.decision() {
        Decision::Allow => Hold::May,
        Decision::Deny => Hold::MustNot,
    }
}
