//! Looks at pictures with the models inside the program and prints the evidence: `cargo run --example see PICTURE...`

use lens::{
    Config, Home, Look, Result,
    assemble::Assembler,
    hub::{Hub, HubOptions},
    image::{Limits, Source},
};
use std::{io::Write, ops::ControlFlow};

fn main() -> Result<()> {
    let home = Home::locate()?;
    let config = Config::load(&home, &[])?;
    let hub = Hub::new(HubOptions::from_environment(&home));
    let lens = Assembler::new(&config, &home, &hub)?.eyes(&mut |_| ControlFlow::Continue(()))?;
    for argument in std::env::args().skip(1) {
        for source in Source::parse(&argument)? {
            let look = Look::new(source.open(&Limits::default())?);
            for evidence in lens.see(&[look])? {
                // A reader that went away needs no message.
                let _ = writeln!(std::io::stdout(), "{}", evidence.to_json()?);
            }
        }
    }
    Ok(())
}
