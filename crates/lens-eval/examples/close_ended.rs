//! How much is saved by the trie of the class names, and by scoring several prompts in the same steps: scores all classes of a
//! list after some prompts in three ways.
//!
//!     cargo run --release -p lens-eval --example close_ended -- classes.txt [prompts]

use lens::{
    Home, Llm, Prompt,
    assemble::Assembler,
    config::Config,
    hub::{Hub, HubOptions},
};
use lens_eval::score::likelihoods;
use std::{error::Error, ops::ControlFlow, time::Instant};

/// Prompts that are scored in the same steps.
const TOGETHER: usize = 8;

type Scores = Vec<Vec<f64>>;

/// Scores `classes` after each prompt: the prompts in groups, the classes in parts.
fn scores(
    llm: &dyn Llm,
    prompts: &[Prompt],
    classes: &[&str],
    (group, part): (usize, usize),
) -> lens::Result<Scores> {
    let mut all = Vec::new();
    for prompts in prompts.chunks(group) {
        let mut rows = vec![Vec::new(); prompts.len()];
        for classes in classes.chunks(part) {
            let asked: Vec<_> = prompts.iter().map(|prompt| (prompt, classes.to_vec())).collect();
            let found = likelihoods(llm, &asked)?.unwrap_or_default();
            rows.iter_mut().zip(found).for_each(|(row, found)| row.extend(found.plain));
        }
        all.extend(rows);
    }
    Ok(all)
}

#[expect(clippy::print_stdout, reason = "an example prints what it measures")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("give a file with one class on each line")?;
    let count: usize = arguments.next().map_or(Ok(TOGETHER), |text| text.parse())?;
    let text = fs_err::read_to_string(path)?;
    let classes: Vec<&str> = text.lines().collect();
    let (home, config) = (Home::locate()?, Config::load(&Home::locate()?, &[])?);
    let hub = Hub::new(HubOptions::from_environment(&home));
    let lens = Assembler::new(&config, &home, &hub)?.reader(&mut |_| ControlFlow::Continue(()))?;
    let llm = lens.reader()?;
    let prompts: Vec<Prompt> = (0..count)
        .map(|n| Prompt::new(format!("Tags: dog, grass, {n}\nCaptions: a dog runs on the grass.\nQuestion: What is in the picture?\nShort answer:")))
        .collect();
    let ways = [
        ("one by one", (1, 1)),
        ("along the trie", (1, classes.len())),
        ("prompts together", (TOGETHER, classes.len())),
    ];
    scores(llm, &prompts, &classes, (1, classes.len()))?; // the first call loads the weights
    let mut first: Option<(Scores, f64)> = None;
    for (name, way) in ways {
        let start = Instant::now();
        let found = scores(llm, &prompts, &classes, way)?;
        let seconds = start.elapsed().as_secs_f64();
        let (expected, slowest) = first.get_or_insert((found.clone(), seconds));
        let pairs = found.iter().flatten().zip(expected.iter().flatten());
        let difference = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        println!(
            "{} classes {name}: {:.1} ms a prompt, {:.1} times as fast as one by one; largest difference {difference:e}",
            classes.len(),
            1000.0 * seconds / count.max(1) as f64,
            *slowest / seconds
        );
    }
    Ok(())
}
