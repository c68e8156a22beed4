//! Papers about nobody: every name, number and office here is made up.

#![allow(dead_code, reason = "each user of this file takes a part")]
#![allow(clippy::unwrap_used, reason = "synthetic data is right or the test fails")]

use comity_notice::*;
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn zone() -> TimeZone {
    jiff::tz::db().get("America/Los_Angeles").unwrap()
}

pub fn agency() -> Agency {
    Agency {
        name: "Alder County Sheriff’s Office".to_owned(),
        facility: "Central Jail, Records and Release".to_owned(),
        address: vec!["100 Example Street".to_owned(), "Alder, CA 90000".to_owned()],
        phone: "(555) 010-0100".to_owned(),
    }
}

pub fn person() -> Person {
    Person { name: "Marisol Ejemplo Prueba".to_owned(), booking_number: "26-004417".to_owned() }
}

fn reason(cite: &str, en: &str, es: Option<&str>, verified: Verified) -> Reason {
    Reason {
        cite: cite.to_owned(),
        says: Text { en: en.to_owned(), es: es.map(str::to_owned) },
        verified,
    }
}

pub fn request() -> Request {
    Request {
        form: Some("I-247A".to_owned()),
        issued_on: Some(date(2026, 11, 23)),
        from: "U.S. Immigration and Customs Enforcement, Example Field Office".to_owned(),
        received_at: at("2026-11-23T17:12:00Z"),
        asks: vec![Channel::Hold, Channel::Notify, Channel::Transfer],
        copy: RequestCopy::Attached,
    }
}

fn contact(name: &str, en: &str, es: &str) -> Contact {
    Contact { name: name.to_owned(), reach: Text { en: en.to_owned(), es: Some(es.to_owned()) } }
}

/// Declined on the hold, told the release date: California's Values Act.
pub fn notice() -> Notice {
    let answers = vec![
        ChannelAnswer {
            channel: Channel::Hold,
            choice: Choice::Decline,
            law: Modality::MustNot,
            reasons: vec![reason(
                "Cal. Gov. Code § 7284.6(a)(1)(B)",
                "An agency does not detain a person on the basis of a hold request.",
                Some("Una agencia no detiene a nadie por una solicitud de retención."),
                Verified::Primary,
            )],
        },
        ChannelAnswer {
            channel: Channel::Notify,
            choice: Choice::Decline,
            law: Modality::May,
            reasons: vec![reason(
                "Cal. Gov. Code § 7284.6(a)(1)(C)",
                "Release dates are told only if they are public, or in the cases of section 7282.5; an answer is never required.",
                None,
                Verified::Primary,
            )],
        },
        ChannelAnswer {
            channel: Channel::Transfer,
            choice: Choice::Decline,
            law: Modality::MustNot,
            reasons: vec![reason(
                "Cal. Gov. Code § 7282.5(a)",
                "Nobody is handed over without a judge’s warrant, unless convicted of one of the listed offenses.",
                Some(
                    "No se entrega a nadie sin orden de un juez, salvo condena por uno de los delitos enumerados.",
                ),
                Verified::Recalled,
            )],
        },
    ];
    Notice {
        agency: agency(),
        person: person(),
        reference: "Notice 26-004417-1".to_owned(),
        prepared_at: at("2026-11-23T19:40:00Z"),
        zone: zone(),
        request: request(),
        answers,
        hold: HoldTime::None { release_at: Some(at("2026-11-25T18:00:00Z")) },
        lawyers: vec![contact(
            "Alder County Public Defender",
            "(555) 010-0140, every day from 8 to 8; calls from this facility are free.",
            "(555) 010-0140, todos los días de 8 a 20 h; las llamadas desde este centro son gratuitas.",
        )],
        consulates: Vec::new(),
        claims: vec![contact(
            "ICE detainer hotline",
            "(855) 448-6903, all day, in several languages.",
            "(855) 448-6903, a toda hora, en varios idiomas.",
        )],
    }
}

pub fn limits() -> Vec<Limit> {
    vec![
        Limit {
            kind: CapKind::Regulatory,
            counting: Some(Counting::without_weekends_and_holidays(48)),
            ends_at: Some(at("2026-11-30T20:05:00Z")),
            cite: "8 CFR 287.7(d)".to_owned(),
            verified: Verified::Primary,
        },
        Limit {
            kind: CapKind::Requested,
            counting: Some(Counting::plain(48)),
            ends_at: Some(at("2026-11-27T20:05:00Z")),
            cite: "Form I-247A".to_owned(),
            verified: Verified::Primary,
        },
    ]
}

/// A hold that runs, under a law that requires it.
pub fn held() -> Notice {
    let texas = reason(
        "Tex. Code Crim. Proc. art. 2A.060",
        "An agency that has custody of a person under a detainer request complies with it.",
        Some(
            "La agencia que tiene bajo custodia a una persona con solicitud de retención la cumple.",
        ),
        Verified::Secondary,
    );
    let answer = |channel| ChannelAnswer {
        channel,
        choice: Choice::Comply,
        law: Modality::Must,
        reasons: vec![texas.clone()],
    };
    Notice {
        agency: Agency {
            name: "Mesquite County Sheriff’s Office".to_owned(),
            facility: "County Jail, Booking and Release".to_owned(),
            address: vec!["1 Sample Road, Mesquite, TX 70000".to_owned()],
            phone: "(555) 010-0200".to_owned(),
        },
        zone: jiff::tz::db().get("America/Chicago").unwrap(),
        prepared_at: at("2026-11-25T20:20:00Z"),
        request: Request {
            asks: vec![Channel::Hold, Channel::Notify],
            copy: RequestCopy::Given { at: at("2026-11-23T18:30:00Z") },
            ..request()
        },
        answers: vec![answer(Channel::Hold), answer(Channel::Notify)],
        hold: HoldTime::Running { began_at: at("2026-11-25T20:05:00Z"), limits: limits() },
        ..notice()
    }
}

pub fn consent() -> Consent {
    Consent {
        agency: agency(),
        person: person(),
        reference: "Consent 26-004417-1".to_owned(),
        prepared_at: at("2026-11-24T16:00:00Z"),
        zone: zone(),
        from: "U.S. Immigration and Customs Enforcement, Example Field Office".to_owned(),
        purpose: None,
        planned_at: Some(at("2026-11-24T22:30:00Z")),
    }
}

pub fn release() -> Release {
    let held = held();
    Release {
        agency: held.agency,
        person: person(),
        reference: "Release 26-004417-1".to_owned(),
        prepared_at: at("2026-11-27T20:05:00Z"),
        zone: held.zone,
        began_at: at("2026-11-25T20:05:00Z"),
        held_until: at("2026-11-27T20:05:00Z"),
        why: ReleaseWhy::ClockRanOut { limits: limits() },
    }
}

pub fn release_on_claim() -> Release {
    Release { why: ReleaseWhy::ClaimUpheld(ClaimKind::Citizenship), ..release() }
}

pub fn release_on_withdrawal() -> Release {
    Release { why: ReleaseWhy::RequestWithdrawn { at: at("2026-11-27T19:30:00Z") }, ..release() }
}

fn proof_ref() -> ProofRef {
    let proof = proof();
    ProofRef {
        origin: proof.origin,
        index: proof.index,
        size: proof.size,
        root: proof.root,
        evidence_file: "26-004417-report-1.evidence".to_owned(),
    }
}

pub fn over_detention() -> Report {
    let held = held();
    let fact = |when: &str, says: &str, event: u32, leaf: u32| Observation {
        at: at(when),
        says: says.to_owned(),
        source: format!("event {event}, leaf {leaf}"),
    };
    Report {
        agency: held.agency,
        person: person(),
        reference: "Over-detention report 26-OD-0007".to_owned(),
        prepared_at: at("2026-11-27T23:45:00Z"),
        zone: held.zone,
        kind: ReportKind::OverDetention {
            began_at: Some(at("2026-11-25T20:05:00Z")),
            eligible_at: Some(at("2026-11-25T20:05:00Z")),
            limits: limits(),
            ended_at: Some(at("2026-11-27T23:15:30Z")),
        },
        claimed_by: "The person’s lawyer, by telephone".to_owned(),
        claimed_at: at("2026-11-27T22:50:00Z"),
        taken_by: Officer {
            name: "Deputy R. Sample".to_owned(),
            employee_number: "E-20417".to_owned(),
        },
        rules: vec![
            reason(
                "Form I-247A",
                "Custody for a period not to exceed 48 hours beyond the time of release.",
                None,
                Verified::Primary,
            ),
            reason(
                "8 CFR 287.7(d)",
                "No more than 48 hours, excluding Saturdays, Sundays and holidays.",
                None,
                Verified::Primary,
            ),
        ],
        facts: vec![
            fact("2026-11-23T17:12:00Z", "The request came in.", 4, 871),
            fact("2026-11-25T20:05:00Z", "Release eligible: bond posted. The hold began.", 9, 902),
            fact("2026-11-27T20:05:00Z", "The clock’s end: the desk was told to release.", 11, 918),
            fact("2026-11-27T23:15:30Z", "Released.", 12, 925),
        ],
        proof: proof_ref(),
    }
}

pub fn wrong_refusal() -> Report {
    let held = held();
    let mut answer = held.answers.first().unwrap().clone();
    answer.choice = Choice::Decline;
    Report {
        reference: "Refusal report 26-WR-0002".to_owned(),
        kind: ReportKind::WrongRefusal {
            request: held.request,
            answered_at: at("2026-11-23T21:00:00Z"),
            answers: vec![answer],
        },
        claimed_by: "Duty officer of the requesting office, in writing".to_owned(),
        ..over_detention()
    }
}

pub fn proof() -> Proof {
    Proof {
        agency: Agency {
            name: "Office of the Auditor, Alder County".to_owned(),
            facility: String::new(),
            address: Vec::new(),
            phone: "(555) 010-0300".to_owned(),
        },
        reference: "Proof 26-P-0011".to_owned(),
        prepared_at: at("2026-12-01T17:00:00Z"),
        zone: zone(),
        origin: "jail.example/ledger".to_owned(),
        index: 902,
        kind: "request.answered".to_owned(),
        recorded_at: at("2026-11-23T18:12:00Z"),
        commitment: "bm90IGEgcmVhbCBjb21taXRtZW50OiBhIHNhbXBsZS4=".to_owned(),
        size: 1000,
        root: "bm90IGEgcmVhbCByb290IGhhc2g6IG9ubHkgYSBzYW1wbGU=".to_owned(),
        signers: vec!["jail.example/ledger".to_owned()],
        countersigners: vec![
            Countersigner {
                name: "federal-office.example/peer".to_owned(),
                signed_at: at("2026-11-25T09:46:40Z"),
            },
            Countersigner {
                name: "auditor.example/witness".to_owned(),
                signed_at: at("2026-11-25T09:47:40Z"),
            },
        ],
        is_trusted: true,
        is_opened: false,
        event: None,
        evidence_file: "26-004417-report-1.evidence".to_owned(),
    }
}

/// Every paper with a name for its file.
pub fn papers() -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    for language in Language::ALL {
        let mut add = |name: &str, pdf: Result<Vec<u8>, NoticeError>| {
            out.push((format!("{name}.{language}.pdf"), pdf.unwrap()));
        };
        add("notice-declined", notice().pdf(language));
        add("notice-held", held().pdf(language));
        add("consent", consent().pdf(language));
        add("release-clock", release().pdf(language));
        add("release-claim", release_on_claim().pdf(language));
        add("release-withdrawn", release_on_withdrawal().pdf(language));
    }
    let mut add = |name: &str, pdf: Result<Vec<u8>, NoticeError>| {
        out.push((format!("{name}.en.pdf"), pdf.unwrap()));
    };
    add("report-over-detention", over_detention().pdf());
    add("report-wrong-refusal", wrong_refusal().pdf());
    add("proof", proof().pdf());
    out
}

/// Half a year of an agency that declines holds.
pub fn figures() -> Figures {
    let period = |from_on, until_on, asked: u64, held: u64| {
        let mut counts = std::collections::BTreeMap::new();
        for (channel, complied) in
            [(Channel::Hold, held), (Channel::Notify, asked / 3), (Channel::Transfer, 0)]
        {
            counts.insert(Measure::Answered(channel, Choice::Comply), complied);
            counts.insert(Measure::Answered(channel, Choice::Decline), asked - complied);
            counts.insert(Measure::Answered(channel, Choice::Open), 0);
        }
        for ending in [HoldEnding::ClaimUpheld, HoldEnding::RequestWithdrawn, HoldEnding::Other] {
            counts.insert(Measure::HoldEnded(ending), 0);
        }
        counts.insert(Measure::HoldEnded(HoldEnding::Transferred), held.saturating_sub(2));
        counts.insert(Measure::HoldEnded(HoldEnding::ClockRanOut), held.min(2));
        counts.insert(Measure::OverDetention, 1);
        counts.insert(Measure::WrongRefusal, 0);
        Period { from_on, until_on, counts }
    };
    Figures {
        agency: agency().name,
        prepared_on: date(2027, 1, 4),
        periods: vec![
            period(date(2026, 7, 1), date(2026, 9, 30), 44, 3),
            period(date(2026, 10, 1), date(2026, 12, 31), 57, 12),
        ],
        policies: vec![PolicyInForce {
            title: Text {
                en: "California Values Act".to_owned(),
                es: Some("Ley de Valores de California".to_owned()),
            },
            cite: "Cal. Gov. Code §§ 7284–7284.12, 7282.5".to_owned(),
            from_on: date(2018, 1, 4),
            until_on: None,
            verified: Verified::Primary,
        }],
    }
}
