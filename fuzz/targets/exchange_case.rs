//! Stored events and bodies of messages: what is read is written back to the same bytes, and a
//! case takes any message or sets it aside.
#![no_main]

use comity_exchange::case::{
    Act, By, Case, CaseId, Command, CommandId, Event, Message, Says, Side, decide,
};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(event) = Event::read(text) {
        assert_eq!(event.to_text().as_deref(), Ok(text));
    }
    let Ok(value) = comity_exchange::read_canonical(text) else { return };
    let Some(body) = value.as_object() else { return };
    for kind in Says::KINDS {
        let Ok(kind) = comity_exchange::MessageKind::new(kind) else { continue };
        let Ok(message) = Message::read(&kind, body) else { continue };
        let id = CommandId([9; 16]);
        let act = Act::Receive(Box::new(message.clone()));
        let command = Command { id, by: By::Peer(id), expects: None, act };
        for side in [Side::Agency, Side::Federal] {
            let case = Case::new(side, CaseId(message.case.0));
            assert!(decide(&case, &command, jiff::Timestamp::UNIX_EPOCH).is_ok());
        }
    }
});
