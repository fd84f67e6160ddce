//! How much the trie of the class names saves: scores all classes of a list after one prompt, along the trie and one by one.
//!
//!     cargo run --release -p lens-eval --example close_ended -- classes.txt [prompts]

use lens::{
    Home, Prompt,
    assemble::Assembler,
    config::Config,
    hub::{Hub, HubOptions},
};
use lens_eval::score::likelihoods;
use std::{error::Error, ops::ControlFlow, time::Instant};

#[expect(clippy::print_stdout, reason = "an example prints what it measures")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("give a file with one class on each line")?;
    let rounds: usize = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let classes: Vec<String> = fs_err::read_to_string(path)?.lines().map(str::to_owned).collect();
    let (home, config) = (Home::locate()?, Config::load(&Home::locate()?, &[])?);
    let hub = Hub::new(HubOptions::from_environment(&home));
    let lens = Assembler::new(&config, &home, &hub)?.reader(&mut |_| ControlFlow::Continue(()))?;
    let llm = lens.reader()?;
    let prompts: Vec<Prompt> = (0..rounds)
        .map(|n| Prompt::new(format!("Tags: dog, grass, {n}\nCaptions: a dog runs on the grass.\nQuestion: What is in the picture?\nShort answer:")))
        .collect();
    let together =
        || prompts.iter().map(|prompt| likelihoods(llm, prompt, &classes)).collect::<Result<Vec<_>, _>>();
    let apart = || -> lens::Result<Vec<Vec<f64>>> {
        let one = |prompt: &Prompt, class: &String| {
            let found = likelihoods(llm, prompt, std::slice::from_ref(class))?;
            Ok(found.and_then(|found| found.plain.first().copied()).unwrap_or_default())
        };
        prompts.iter().map(|prompt| classes.iter().map(|class| one(prompt, class)).collect()).collect()
    };
    together()?; // the first call loads the weights
    let start = Instant::now();
    let trie = together()?;
    let trie_seconds = start.elapsed().as_secs_f64() / rounds as f64;
    let start = Instant::now();
    let single = apart()?;
    let single_seconds = start.elapsed().as_secs_f64() / rounds as f64;
    let pairs = trie.iter().flatten().flat_map(|found| &found.plain).zip(single.iter().flatten());
    let difference = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!(
        "{} classes: {:.1} ms along the trie, {:.1} ms one by one, {:.1} times faster; largest difference {difference:e}",
        classes.len(),
        1000.0 * trie_seconds,
        1000.0 * single_seconds,
        single_seconds / trie_seconds
    );
    Ok(())
}
