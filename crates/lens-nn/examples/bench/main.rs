//! One contender of `reference/bench.py`: `bench WORK PRECISION THREADS PACKS MODEL...`.
//!
//! WORK is clip, text, tags, blip, t5 or vision (a CLIP and a BLIP); PACKS a folder for packed layers and vocabularies;
//! MODEL the folder of a checkpoint. Loads, prints `ready` and the seconds of loading, then runs the work once for each
//! line on stdin (a number: the batch) and prints its seconds. Peers speak the same lines, so that all take turns and meet
//! the same noise.

mod works;

use lens_nn::backend::cpu::{Cpu, CpuOptions, Precision};
use std::{io::BufRead, path::Path, sync::Arc, time::Instant};
use works::Model;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [work, precision, threads, packs, folders @ ..] = arguments.as_slice() else {
        return Err("usage: bench clip|text|tags|blip|t5|vision f32|bf16|int8 THREADS PACKS MODEL...".into());
    };
    let precision = match precision.as_str() {
        "f32" => Precision::F32,
        "bf16" => Precision::Bf16,
        "int8" => Precision::Int8,
        other => return Err(format!("unknown precision `{other}`").into()),
    };
    let cpu = Cpu::new(CpuOptions { threads: threads.parse()?, precision });
    let model = |folder: &String| -> Result<Model, Box<dyn std::error::Error>> {
        let folder = Path::new(folder);
        let name = folder.file_name().ok_or("a model is a folder with a name")?;
        Ok(Model::open(folder, Arc::new(cpu.keeping_packs(Path::new(packs).join(name))))?)
    };
    let models = folders.iter().map(model).collect::<Result<Vec<_>, _>>()?;
    let work = works::load(work, &models, Path::new(packs))?;
    say(&format!("ready {}", start.elapsed().as_secs_f64()));
    for line in std::io::stdin().lock().lines() {
        let batch = line?.trim().parse()?;
        let start = Instant::now();
        work(batch)?;
        say(&start.elapsed().as_secs_f64().to_string());
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the protocol with the script that drives it")]
fn say(line: &str) {
    println!("{line}");
}
