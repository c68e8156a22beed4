//! Spanish.

use super::Words;
use crate::publish::{HoldEnding, Measure};
use crate::{CapKind, Channel, Choice, ClaimKind, Language, Modality, Resolution, Verified};

fn asked(channel: Channel) -> &'static str {
    match channel {
        Channel::Hold => {
            "Mantenerle en custodia después del momento en que, sin la solicitud, saldría en libertad."
        }
        Channel::Notify => "Avisar a la oficina federal cuándo saldrá usted en libertad.",
        Channel::Transfer => "Entregarle a agentes federales dentro de este centro.",
        Channel::Interview => "Permitir que agentes federales le entrevisten.",
        Channel::ShareStatus => {
            "Informar a la oficina federal lo que sabe sobre su ciudadanía o su situación migratoria."
        }
    }
}

fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Hold => "Retenerle más tiempo",
        Channel::Notify => "Avisar su fecha de salida",
        Channel::Transfer => "Entregarle",
        Channel::Interview => "Permitir una entrevista",
        Channel::ShareStatus => "Informar su situación",
    }
}

fn channel_public(channel: Channel) -> &'static str {
    match channel {
        Channel::Hold => "Solicitudes de retener más tiempo a una persona",
        Channel::Notify => "Solicitudes de avisar la fecha de salida",
        Channel::Transfer => "Solicitudes de entregar a una persona",
        Channel::Interview => "Solicitudes de entrevistar a una persona",
        Channel::ShareStatus => "Solicitudes de informar la situación de una persona",
    }
}

fn choice(choice: Choice) -> &'static str {
    match choice {
        Choice::Comply => "Sí. La agencia lo hará.",
        Choice::Decline => "No. La agencia no lo hará.",
        Choice::Open => "Sin decidir. Mientras no se decida, la agencia no lo hará.",
    }
}

fn law(law: Modality) -> &'static str {
    match law {
        Modality::Must => "La ley lo exige.",
        Modality::May => {
            "La ley lo deja a criterio de la agencia, y una persona de la agencia lo decidió."
        }
        Modality::MustNot => "La ley lo prohíbe.",
        Modality::Undetermined => {
            "Con los datos que se conocen no se puede decir qué exige la ley."
        }
    }
}

fn source_mark(verified: Verified) -> Option<&'static str> {
    match verified {
        Verified::Primary => None,
        Verified::Secondary => {
            Some("Esta norma se leyó en un informe sobre la ley, no en la ley misma.")
        }
        Verified::Recalled => Some("Nadie ha verificado esta norma."),
    }
}

fn cap(kind: CapKind) -> &'static str {
    match kind {
        CapKind::Requested => "Lo que pide la solicitud federal",
        CapKind::Regulatory => "Reglamento federal",
        CapKind::Local => "Ley estatal o local",
        CapKind::LawChange => "Una ley nueva que prohíbe la retención",
    }
}

fn claim(kind: ClaimKind) -> &'static str {
    match kind {
        ClaimKind::Citizenship => "una persona con ciudadanía o nacionalidad de los Estados Unidos",
        ClaimKind::LawfulStatus => "una persona con situación migratoria legal",
    }
}

fn measure(measure: Measure) -> &'static str {
    match measure {
        Measure::Answered(_, Choice::Comply) => "Sí",
        Measure::Answered(_, Choice::Decline) => "No se hizo",
        Measure::Answered(_, Choice::Open) => "Sin decidir",
        Measure::HoldEnded(HoldEnding::Transferred) => "Entrega a agentes federales",
        Measure::HoldEnded(HoldEnding::ClockRanOut) => "Libertad porque se cumplió el tiempo",
        Measure::HoldEnded(HoldEnding::ClaimUpheld) => "Libertad porque se aceptó una reclamación",
        Measure::HoldEnded(HoldEnding::RequestWithdrawn) => {
            "Libertad porque se retiró la solicitud"
        }
        Measure::HoldEnded(HoldEnding::Other) => "Terminó de otro modo",
        Measure::Claimed(Some(Resolution::Upheld)) => "Aceptadas",
        Measure::Claimed(Some(Resolution::NotUpheld)) => "No aceptadas",
        Measure::Claimed(None) => "Abiertas",
        Measure::OverDetention => "Quejas de que se retuvo a una persona demasiado tiempo",
        Measure::WrongRefusal => "Quejas de que se negó una solicitud sin razón",
    }
}

pub(super) static WORDS: Words = Words {
    language: Language::Es,
    asked,
    channel,
    channel_public,
    choice,
    law,
    source_mark,
    cap,
    measure,
    claim,

    page: "Página",
    page_of: "de",
    name: "Nombre",
    booking_number: "Número de registro",
    prepared: "Fecha de este documento",
    not_given: "no consta",
    english_only: "(Este texto solo existe en inglés.)",
    and: "y",
    form: "El formulario {form}",
    no_form: "Una solicitud sin formulario",

    limit: "Límite",
    counted: "Cómo se cuenta",
    ends: "Termina",
    every_hour_counts: "{hours} horas; cuentan todas las horas",
    hours_without: "{hours} horas; no cuentan {days}",
    saturdays: "los sábados",
    sundays: "los domingos",
    holidays: "los días feriados federales",
    from_that_day: "Desde el día en que la ley entra en vigor",
    end_not_known: "Aún no se sabe",

    notice_title: "Aviso sobre una solicitud federal acerca de usted",
    notice_intro: "Una oficina federal de inmigración ha pedido a esta agencia algo que le concierne. Este documento dice qué se pidió, qué contestó la agencia y por qué, y cuánto tiempo pueden retenerle. Usted no tiene que firmar nada. Guarde este documento y muéstrelo a su abogado.",
    request_heading: "Qué se pidió",
    request_received: "{form}, de {from}, llegó a esta agencia el {received}.",
    request_dated: "Lleva fecha del {issued}.",
    request_asks: "Pide a esta agencia lo siguiente, que aún no se ha contestado:",
    copy_attached: "Con este documento se le entrega una copia de la solicitud.",
    copy_given: "Se le entregó una copia de la solicitud el {at}.",
    copy_missing: "Todavía no se le ha entregado una copia de la solicitud. Pídala en este centro.",
    answer_heading: "Qué contestó la agencia, y por qué",
    answer_none: "La agencia todavía no ha contestado. Mientras no conteste, no hará nada de lo que pide la solicitud. Se le dará la respuesta por escrito.",
    column_asked: "Se pidió",
    column_answer: "Respuesta",
    column_why: "Por qué",
    hold_heading: "Cuánto tiempo pueden retenerle por esta solicitud",
    hold_none: "No se le retendrá por esta solicitud.",
    hold_none_release: "Según lo que hoy se sabe, usted saldrá en libertad el {at}.",
    hold_ahead: "La retención no ha comenzado. Solo puede comenzar cuando, de otro modo, usted saldría en libertad, y la agencia aún no sabe cuándo será.",
    hold_ahead_from: "La retención no ha comenzado. Solo puede comenzar cuando, de otro modo, usted saldría en libertad: {at}.",
    hold_began: "La retención comenzó",
    hold_must_end: "Debe terminar a más tardar",
    hold_would_end: "Si comienza entonces, debe terminar a más tardar",
    hold_limits: "Se aplican estos límites. Decide el que termina primero, que aparece arriba.",
    then_heading: "Qué pasa después",
    then_release: "Si para ese momento los agentes federales no le han tomado en custodia, esta agencia tiene que ponerle en libertad. No puede retenerle más tiempo por esta solicitud.",
    then_too_long: "Si sigue en custodia después de ese momento, dígalo de inmediato a cualquier oficial y pida que se anote la hora. Su abogado puede pedir a un juez que ordene su libertad.",
    then_no_hold: "Cuando su propio caso aquí permita su salida, usted saldrá en libertad. Esta solicitud no la retrasa.",
    then_only_this: "Este documento trata solo de esta solicitud. No dice nada sobre cargos contra usted ni sobre un caso de inmigración.",
    ask_heading: "A quién preguntar",
    ask_facility: "Este centro",
    ask_facility_says: "Pregunte a cualquier oficial o llame al {phone}.",
    ask_lawyer: "Un abogado",
    ask_lawyer_says: "Usted puede hablar con un abogado. No tiene que contestar preguntas sobre dónde nació o cómo entró al país.",
    ask_consulate: "Su consulado",
    ask_consulate_says: "Si usted tiene la ciudadanía de otro país, puede pedir que se avise a su consulado que está en custodia (Convención de Viena de 1963, artículo 36).",
    ask_claim: "Si usted tiene la ciudadanía de los Estados Unidos o situación legal",
    ask_claim_says: "Dígalo de inmediato a cualquier oficial. Se anota, y mientras no se resuelva la agencia no actúa sobre esta solicitud.",
    handed_by: "Entregado a la persona por (nombre, número)",
    handed_at: "Día y hora",
    handed_language: "Leído en voz alta en (idioma)",

    consent_title: "Entrevista con agentes de inmigración: usted decide",
    consent_intro: "{who} quiere entrevistarle. No habrá entrevista si usted no la acepta por escrito en este formulario.",
    consent_planned: "La entrevista está prevista para el {at}.",
    purpose_heading: "Para qué es la entrevista",
    purpose_says: "La entrevista trata de infracciones civiles de inmigración. Los agentes pueden preguntar quién es usted, dónde nació y cómo llegó a los Estados Unidos. Lo que diga puede usarse para deportarle.",
    purpose_given: "La oficina federal indica este propósito:",
    rights_heading: "Sus derechos",
    right_voluntary: "La entrevista es voluntaria.",
    right_decline: "Usted puede negarse a la entrevista.",
    right_attorney: "Usted puede aceptar la entrevista solo con su abogado presente.",
    right_silent: "Usted puede guardar silencio y no tiene que contestar ninguna pregunta, aunque haya aceptado.",
    right_stop: "Usted puede terminar la entrevista en cualquier momento.",
    right_no_harm: "Si se niega, no se le castigará y su salida de aquí no se retrasa.",
    right_language: "No firme lo que no entienda. Puede pedir este formulario y un intérprete en su idioma.",
    choice_heading: "Su decisión",
    choice_how: "Marque una sola casilla.",
    choice_yes: "Acepto la entrevista sin abogado.",
    choice_attorney: "Acepto la entrevista solo con mi abogado presente.",
    choice_no: "Me niego a la entrevista.",
    choice_blank: "Si no se marca ninguna casilla, si se marca más de una o si el formulario no está firmado, la respuesta es no.",
    sign_attorney: "Abogado, nombre y teléfono",
    sign_person: "Firma",
    sign_at: "Día y hora",
    sign_official: "Explicado por (nombre, número)",
    sign_interpreter: "Intérprete (nombre, idioma)",
    federal_officers: "Personal de una oficina federal de inmigración",

    release_title: "Aviso de que terminó la retención",
    release_intro: "Se le retuvo aquí para una oficina federal de inmigración después del momento en que, de otro modo, habría salido en libertad. Esa retención terminó. Guarde este documento.",
    release_began: "La retención comenzó",
    release_until: "Se le retuvo hasta",
    release_why: "Por qué terminó",
    release_clock: "Se cumplió el tiempo que permite la ley.",
    release_claim: "Usted dijo ser {claim}. Se comprobó, y es verdad.",
    release_withdrawn: "La oficina federal retiró su solicitud el {at}.",
    release_limit_heading: "Los límites de la retención",
    release_means_heading: "Qué significa esto",
    release_means: "Esta agencia ya no le retiene por esa solicitud.",
    release_other_custody: "Si sigue en custodia por cargos o por orden de un juez, eso continúa y no tiene que ver con esta solicitud.",
    release_federal: "Los agentes federales deciden por su cuenta lo que hacen. Este documento no es una decisión sobre su caso de inmigración.",
    release_still_held: "Si se le retuvo después de la hora indicada arriba, dígalo. La agencia lo anota con el nombre del oficial y la hora, y tiene que investigarlo.",
    release_keep: "Muestre este documento a su abogado si alguien pregunta por esta retención.",

    public_title: "Solicitudes federales de custodia: {agency}",
    public_intro: "Qué pidieron las oficinas federales de inmigración a esta agencia del {from} al {until}, y qué contestó.",
    public_language: "Español",
    public_counts: "Cifras",
    public_what: "Qué se cuenta",
    public_all: "Todo",
    public_range: "{min} a {max}",
    public_not_counted: "no se contó",
    public_method: "Cómo se obtuvieron estas cifras",
    public_method_record: "Cada cifra cuenta sucesos del registro de la agencia, en el que nada se puede cambiar ni borrar sin que se note. Una solicitud que pide varias cosas se cuenta una vez en cada una.",
    public_method_small: "Una cifra de 1 a 4 no se publica, para que no se pueda reconocer a nadie: se muestra como intervalo, igual que la cifra más alta de al lado, de la que se podría deducir restando.",
    public_method_missing: "«No se contó» quiere decir que nadie contó, y no que sea cero.",
    public_method_limits: "Las cifras no dicen nada de las personas que ninguna solicitud nombró, ni de lo que hicieron los agentes federales fuera de este centro.",
    public_policies: "Normas vigentes",
    public_policy: "Norma",
    public_cite: "Dónde consta",
    public_in_force: "Vigencia",
    public_since: "desde el {from}",
    public_from_until: "del {from} al {until}",
    public_no_policy: "No se indica ninguna norma.",
    public_data: "Lo mismo como datos",
    public_data_says: "Todas las cifras de esta página, para programas:",
    public_written: "Escrito el {on}.",
    group_hold_ends: "Cómo terminaron las retenciones",
    group_claims: "Reclamaciones de ciudadanía o de situación legal",
    group_reports: "Quejas",
};
