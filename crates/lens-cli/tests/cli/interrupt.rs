//! Ctrl-C: the end is clean, what is done is kept, and the next run goes on from there.
#![cfg(unix)]

use crate::{
    hub::{BLOBS, PULL, SHA256, online, slow_hub},
    place::{Place, json_lines, stdout as stdout_of, transcript},
    remote::{self, endpoint},
};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use insta::assert_snapshot;
use std::{
    io::{BufRead, BufReader, Cursor, Read, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Ctrl-C, as a terminal sends it.
fn interrupt(child: &Child) {
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
}

/// Starts the program, interrupts it once `file` holds something, and waits for its end.
fn interrupted_at(mut lens: Command, file: &Path) -> Output {
    let child = lens.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(|| size(file) > 0);
    interrupt(&child);
    child.wait_with_output().unwrap()
}

fn size(file: &Path) -> u64 {
    fs_err::metadata(file).map_or(0, |metadata| metadata.len())
}

fn wait_for(arrived: impl Fn() -> bool) {
    let start = Instant::now();
    while !arrived() {
        assert!(start.elapsed() < Duration::from_mins(5), "it never came");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_download_goes_on_where_it_stopped() {
    let (place, server) = (Place::new(), slow_hub(Duration::from_secs(1)));
    let part = place.path(BLOBS).join(format!("{SHA256}.incomplete"));
    let output = interrupted_at(online(&place, &server, &PULL), &part);
    assert_snapshot!(transcript(&output));
    let kept = size(&part);
    assert!(kept > 0 && kept < 200_000, "{kept}");

    assert!(online(&place, &server, &PULL).output().unwrap().status.success());
    let asked = server.asked();
    assert_eq!(asked.last().unwrap().from as u64, kept, "{asked:?}");
    place.lens(&["models", "verify"]).assert().success();
}

#[test]
fn a_vocabulary_goes_on_where_it_stopped() {
    let place = Place::new();
    let many: Vec<String> = (0..3000).map(|number| format!("thing number {number}")).collect();
    place.write("many.txt", many.join("\n"));
    place.write("home/vocab/.keep", "");
    let build = ["vocab", "build", "many.txt"];
    let child = place.process(&build).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let part = || {
        let mut files =
            fs_err::read_dir(place.path("home/vocab")).unwrap().map(|entry| entry.unwrap().path());
        files.find(|path| path.extension().is_some_and(|ending| ending == "partial") && size(path) > 0)
    };
    wait_for(|| part().is_some());
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", transcript(&output));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("stopped after") && said.contains("it goes on from there"), "{said}");
    let kept = size(&part().unwrap());

    let child = place.process(&build).stdout(Stdio::null()).spawn().unwrap();
    let grown = || part().map_or(u64::MAX, |part| size(&part));
    wait_for(|| {
        assert!(grown() >= kept, "what the first run computed is not computed again");
        grown() > kept
    });
    assert!(child.wait_with_output().unwrap().status.success());
    assert!(part().is_none(), "the second run completes what the first began");
}

#[test]
fn a_run_over_many_pictures_prints_all_that_was_seen() {
    let place = Place::new();
    for grey in 0..40 {
        let picture = DynamicImage::from(RgbImage::from_pixel(32, 32, Rgb([grey; 3])));
        let mut png = Cursor::new(Vec::new());
        picture.write_to(&mut png, ImageFormat::Png).unwrap();
        place.write(&format!("{grey:02}.png"), png.into_inner());
    }
    let mut see = place.process(&["-q", "--json", "see", "."]).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(see.stdout.take().unwrap());
    let mut text = String::new();
    stdout.read_line(&mut text).unwrap();
    interrupt(&see);
    stdout.read_to_string(&mut text).unwrap();
    assert_eq!(see.wait().unwrap().code(), Some(130));
    let printed = json_lines(&text).len();
    assert!(printed < 40, "it ended early");
    let stats = json_lines(&stdout_of(place.lens(&["--json", "cache", "stats"]))).remove(0);
    assert_eq!(stats["entries"], printed);
}

#[test]
fn a_chat_ends_with_what_was_said() {
    let place = Place::new();
    place.example("shapes.png");
    let server = endpoint("a circle");
    let mut chat = remote::online(&place, &server, &["-q", "chat", "shapes.png"]);
    let mut chat = chat.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = chat.stdin.take().unwrap();
    stdin.write_all(b"What is it?\n").unwrap();
    let mut answer = String::new();
    BufReader::new(chat.stdout.take().unwrap()).read_line(&mut answer).unwrap();
    assert_eq!(answer, "a circle\n");
    interrupt(&chat);
    assert_eq!(chat.wait().unwrap().code(), Some(130));
    drop(stdin);
}
