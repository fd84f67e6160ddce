//! On a terminal: colour, progress for what takes long, and lines that fit it.
#![cfg(target_os = "linux")]

use crate::{
    hub::{PULL, online, slow_hub},
    place::Place,
};
use rustix::{
    pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use std::{fs::File, io::Read, process::Command, time::Duration};

/// What a terminal of 80 columns receives from a program.
fn shown(mut command: Command) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    tcsetwinsize(&master, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let terminal = File::from(ioctl_tiocgptpeer(&master, OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap());
    command.env_remove("COLUMNS").env("TERM", "xterm-256color");
    command.stdin(terminal.try_clone().unwrap()).stdout(terminal.try_clone().unwrap()).stderr(terminal);
    let mut child = command.spawn().unwrap();
    // The command keeps the terminal open as long as it lives.
    drop(command);
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    let mut screen = File::from(master);
    // Reading fails when nobody has the terminal open any more.
    while let Ok(length @ 1..) = screen.read(&mut piece) {
        bytes.extend_from_slice(&piece[..length]);
    }
    assert!(child.wait().unwrap().success());
    String::from_utf8(bytes).unwrap()
}

/// The text without what colours it and moves in it.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => _ = characters.find(char::is_ascii_alphabetic),
            character => plain.push(character),
        }
    }
    plain
}

const BOLD: &str = "\u{1b}[1m";

#[test]
fn headings_are_bold_and_lines_fit() {
    let place = Place::new();
    place.example("menu.png");
    let text = shown(place.process(&["see", "menu.png"]));
    assert!(text.contains(&format!("{BOLD}Tags")), "{text:?}");
    for line in plain(&text).split(['\r', '\n']) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn whoever_wants_no_colour_gets_none() {
    let place = Place::new();
    place.example("menu.png");
    let mut lens = place.process(&["-q", "see", "menu.png"]);
    lens.env("NO_COLOR", "1");
    let text = shown(lens);
    assert!(text.contains("Tags") && !text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn a_download_that_takes_long_shows_how_far_it_is() {
    let (place, server) = (Place::new(), slow_hub(Duration::from_millis(120)));
    let text = shown(online(&place, &server, &PULL));
    let plain = plain(&text);
    assert!(plain.contains("model.safetensors") && plain.contains("KiB/195.3"), "{plain:?}");
    for line in plain.split(['\r', '\n']).filter(|line| line.contains("KiB")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let last = plain.trim_end().rsplit(['\r', '\n']).next().unwrap();
    assert!(last.trim().starts_with("somebody/something"), "the bar is cleared: {last:?}");

    let quiet = shown(online(&Place::new(), &server, &[&["-q"][..], &PULL].concat()));
    assert!(!quiet.contains("model.safetensors"), "{quiet:?}");
}
