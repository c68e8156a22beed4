//! Rows whose facts contradict each other.
//!
//! A screen of bitmaps finds every row that may have a contradiction; those rows are read
//! back as cases and put to [`contradictions`], which decides. A row that the screen passes
//! over has none: each check needs the facts that the screen looks for.

use super::case_batch::CaseReader;
use super::error::ColumnError;
use super::eval::{self, Scratch};
use super::node::{Field, FrameId, Graph, Leaf, Lit, Node, Operand, OperandId, Order, Over, ROWS};
use super::plan::{ColumnPlan, Unseen};
use crate::cond::Window;
use arrow_array::RecordBatch;
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use comity_model::check::{
    CHARGE_ORDER, CHARGES, CONVICTION_AGE_MIN, CONVICTION_ORDER, CONVICTIONS, FORM_FROM, ORDER,
    PAIRS, REVISIONS, contradictions,
};
use comity_model::facts::Value;
use comity_model::schema::{ElemFieldId, EnumDef, FieldId, ListId, elem, enums, scalar};

/// The screen, compiled once for any number of batches.
#[derive(Debug)]
pub struct Contradictory {
    plan: ColumnPlan,
    suspicious: Lit,
    unseen: Unseen,
}

impl Contradictory {
    /// Compiles the screen.
    pub fn new(unseen: Unseen) -> Contradictory {
        let mut s = Screen { graph: Graph::new() };
        let suspicious = s.suspicious();
        Contradictory { plan: ColumnPlan::of_graph(s.graph, unseen), suspicious, unseen }
    }

    /// A bit for every row of a batch: set where the facts of the row contradict each other.
    ///
    /// # Errors
    /// As [`ColumnPlan::decide`].
    pub fn rows(
        &self,
        batch: &RecordBatch,
        scratch: &mut Scratch,
    ) -> Result<BooleanBuffer, ColumnError> {
        let mut out = BooleanBufferBuilder::new(batch.num_rows());
        out.append_n(batch.num_rows(), false);
        let rows = eval::rows_where(&self.plan, self.suspicious, batch, scratch)?;
        if rows.is_empty() {
            return Ok(out.finish());
        }
        let reader = CaseReader::of(batch, self.unseen)?;
        for row in rows {
            out.set_bit(row, !contradictions(&reader.case_of_row(row)).is_empty());
        }
        Ok(out.finish())
    }
}

struct Screen {
    graph: Graph,
}

/// A lane's fact.
type At = (Field, FrameId);

fn of(field: FieldId) -> At {
    (Field::Scalar(field), ROWS)
}

impl Screen {
    fn operand(&mut self, fact: At, at: FrameId, first_day: Option<Window>) -> OperandId {
        self.graph.operand(Operand { field: fact.0, from: fact.1, first_day, at })
    }

    fn leaf(&mut self, at: FrameId, leaf: Leaf) -> Lit {
        self.graph.push(at, Node::Leaf(leaf))
    }

    /// The first is later than the second.
    fn after(&mut self, a: At, b: At) -> Lit {
        let at = a.1.max(b.1);
        let (a, b) = (self.operand(a, at, None), self.operand(b, at, None));
        self.leaf(at, Leaf::Both(b, Order::Lt, a))
    }

    fn is(&mut self, field: FieldId, yes: bool) -> Lit {
        let a = self.operand(of(field), ROWS, None);
        let leaf = self.leaf(ROWS, Leaf::Yes(a));
        if yes { leaf } else { leaf.negate() }
    }

    fn one_of(&mut self, field: FieldId, set: &EnumDef, names: &[&str]) -> Lit {
        let a = self.operand(of(field), ROWS, None);
        let mask = names.iter().filter_map(|n| set.code(n)).fold(0, |m, c| m | 1_u128 << c);
        self.leaf(ROWS, Leaf::InSet(a, mask))
    }

    /// It is known: as a number it equals itself.
    fn known(&mut self, field: FieldId) -> Lit {
        let a = self.operand(of(field), ROWS, None);
        self.leaf(ROWS, Leaf::Both(a, Order::Eq, a))
    }

    fn some(&mut self, list: ListId, frame: FrameId, body: Lit) -> Lit {
        self.graph.push(ROWS, Node::AtLeast(1, Over { frame, list, body }))
    }

    fn suspicious(&mut self) -> Lit {
        let mut any: Vec<Lit> = ORDER.iter().map(|(a, b, _)| self.after(of(*a), of(*b))).collect();
        any.push(self.in_list(CONVICTIONS, CONVICTION_ORDER, true));
        any.push(self.in_list(CHARGES, CHARGE_ORDER, false));
        any.extend(self.forms());
        any.extend(self.persons());
        self.graph.or(any)
    }

    fn in_list(
        &mut self,
        list: ListId,
        order: &[(ElemFieldId, ElemFieldId, &str)],
        convictions: bool,
    ) -> Lit {
        let frame = self.graph.frame_over(ROWS, list);
        let field = |f| (Field::Element(list, f), frame);
        let mut any: Vec<Lit> =
            order.iter().map(|(a, b, _)| self.after(field(*a), field(*b))).collect();
        if convictions {
            let decided = of(scalar("decision.on"));
            let convicted = field(elem(CONVICTIONS, "convicted_on"));
            any.push(self.after(convicted, decided));
            // Convicted before birth, or as a small child: a year more than the least age.
            let days = (CONVICTION_AGE_MIN + 1) * 366;
            let born = of(scalar("person.born_on"));
            let grown = self.operand(born, frame, Some(Window::Days(-days)));
            let convicted = self.operand(convicted, frame, None);
            any.push(self.leaf(frame, Leaf::Both(convicted, Order::Lt, grown)));
            any.push(self.after(decided, field(elem(CONVICTIONS, "released_on"))));
        }
        let body = self.graph.or(any);
        self.some(list, frame, body)
    }

    fn forms(&mut self) -> Vec<Lit> {
        const FORM: FieldId = scalar("request.form");
        const ISSUED: FieldId = scalar("request.issued_on");
        let none = self.one_of(FORM, &enums::FORM, &["none"]);
        let mut with_none = vec![self.known(ISSUED)];
        for asks in ["request.asks_hold", "request.asks_notice", "request.asks_transfer"] {
            let field = comity_model::schema::find_scalar(asks);
            with_none.extend(field.map(|f| self.is(f, true)));
        }
        let with_none = self.graph.or(with_none);
        let mut any = vec![self.graph.and([none, with_none])];
        for (form, from) in FORM_FROM {
            let is = self.one_of(FORM, &enums::FORM, &[form]);
            let issued = self.operand(of(ISSUED), ROWS, None);
            let before = self.leaf(ROWS, Leaf::Against(issued, Order::Lt, i64::from(from)));
            any.push(self.graph.and([is, before]));
        }
        let mut fits = Vec::new();
        for (version, forms) in REVISIONS {
            let version =
                self.one_of(scalar("request.form_version"), &enums::FORM_VERSION, &[version]);
            let form = self.one_of(FORM, &enums::FORM, forms);
            fits.push(self.graph.and([version, form]));
        }
        any.push(self.graph.or(fits).negate());
        let warrant = self.one_of(scalar("request.warrant"), &enums::WARRANT, &["none"]);
        let nobody =
            self.one_of(scalar("request.warrant_signed_by"), &enums::WARRANT_SIGNER, &["nobody"]);
        any.push(self.graph.and([warrant, nobody.negate()]));
        let (issued, received) = (self.known(ISSUED), self.known(scalar("request.received_at")));
        any.push(self.graph.and([issued, received]));
        any
    }

    fn persons(&mut self) -> Vec<Lit> {
        let mut any = Vec::new();
        for (a, x, b, y, _) in PAIRS {
            let (a, b) = (self.is(a, x == Value::Bool(true)), self.is(b, y == Value::Bool(true)));
            any.push(self.graph.and([a, b]));
        }
        let served = self.is(scalar("request.served_on_person"), false);
        let day = self.known(scalar("request.served_on"));
        any.push(self.graph.and([served, day]));
        let nobody =
            self.one_of(scalar("identification.result"), &enums::IDENTIFICATION, &["no_match"]);
        let basis =
            self.one_of(scalar("identification.status_basis"), &enums::BASIS, &["biometric_match"]);
        any.push(self.graph.and([nobody, basis]));
        let (on, at) =
            (self.known(scalar("custody.booked_on")), self.known(scalar("custody.booked_at")));
        any.push(self.graph.and([on, at]));
        let (born, age) =
            (self.known(scalar("person.born_on")), self.known(scalar("person.age_years")));
        any.push(self.graph.and([born, age, on]));
        any
    }
}
