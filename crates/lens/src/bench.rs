//! How fast the models of a preset run on this machine, and how near that is to what the machine can do.

use crate::{
    Cancel, Decoding, Embedder, Look, Picture, Prompt, Result,
    assemble::{Assembler, Watch},
    preset::{Part, Role},
};
use lens_nn::backend::cpu::Cpu;
use serde::Serialize;
use std::time::{Duration, Instant};

/// How long each kind of work is repeated, after one round that loads the model.
const SPAN: Duration = Duration::from_millis(1500);
/// Pictures or texts in one call.
const BATCH: usize = 8;
const TEXTS: usize = 64;

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The instructions in use.
    pub tier: String,
    /// Threads in use.
    pub threads: usize,
    /// Precision of the products.
    pub precision: String,
    /// Layers that are in bf16 although int8 was asked for: their weights would lose too much.
    pub kept_in_bf16: Vec<String>,
    /// Operations per second that the product's instruction reaches in registers, on all threads.
    pub peak_operations: f64,
    /// Bytes per second that all threads read from memory.
    pub read_bandwidth: f64,
    /// Each kind of work.
    pub speeds: Vec<Speed>,
}

/// The speed of one kind of work.
#[derive(Debug, Clone, Serialize)]
pub struct Speed {
    /// What is done.
    pub work: &'static str,
    /// What is counted: pictures, texts or tokens.
    pub unit: &'static str,
    /// Units per second.
    pub per_second: f64,
    /// Operations of the products, as a share of the peak: 0 to 1. What many rows at once are limited by.
    pub share_of_peak: f64,
    /// Bytes of weights read by the products, as a share of what memory gives. What single rows are limited by; above 1
    /// where weights stay in a cache.
    pub share_of_bandwidth: f64,
}

/// Measures the CLIP model, the captioner and the reader of the preset, as far as they run here.
///
/// # Errors
/// What assembling or running a model reports.
pub fn run(assembler: &Assembler<'_>, watch: &mut Watch<'_>) -> Result<Report> {
    let cpu = assembler.cpu();
    let mut report = Report {
        tier: cpu.tier().to_string(),
        threads: cpu.threads(),
        precision: format!("{:?}", cpu.precision()).to_lowercase(),
        kept_in_bf16: Vec::new(),
        peak_operations: cpu.peak_operations(),
        read_bandwidth: cpu.read_bandwidth(),
        speeds: Vec::new(),
    };
    let mut add = |work, unit, round: &mut dyn FnMut(usize) -> Result<usize>| -> Result<()> {
        let speed = measure(cpu, (report.peak_operations, report.read_bandwidth), (work, unit), round)?;
        report.speeds.push(speed);
        Ok(())
    };
    let clip = assembler.clip(watch)?;
    add("CLIP, pictures", "pictures", &mut |round| Ok(clip.embed_looks(&looks(round, BATCH)?)?.len()))?;
    add("CLIP, texts", "texts", &mut |round| clip.embed_texts(&texts(round)).map(|_| TEXTS))?;
    if let Some(captioner) = assembler.captioner(watch)? {
        add("BLIP, captions", "tokens", &mut |round| {
            let drafts = captioner.caption(&looks(round, 1)?)?;
            Ok(drafts.iter().flatten().map(|draft| draft.tokens).sum())
        })?;
    }
    if !matches!(assembler.preset().parts.get(&Role::Llm), None | Some(Part::Endpoint(_))) {
        let lens = assembler.reader(watch)?;
        let reader = lens.reader()?;
        let decoding = Decoding { max_new_tokens: Some(16), ..Decoding::default() };
        add("Reader, answers", "tokens", &mut |round| {
            let prompt = Prompt::new(format!("{} What is in picture {round}?", texts(round).join(". ")));
            let answers = reader.answer(&[prompt], &decoding, &mut |_, _| {}, &Cancel::new())?;
            Ok(answers.iter().filter_map(|answer| answer.tokens).sum())
        })?;
    }
    report.kept_in_bf16 = cpu.layers_kept_in_bf16();
    Ok(report)
}

/// Repeats rounds, of which each returns how many units it did.
fn measure(
    cpu: &Cpu,
    (peak, bandwidth): (f64, f64),
    (work, unit): (&'static str, &'static str),
    round: &mut dyn FnMut(usize) -> Result<usize>,
) -> Result<Speed> {
    round(0)?;
    let (before, start) = (cpu.work(), Instant::now());
    let (mut units, mut rounds) = (0, 0);
    while start.elapsed() < SPAN {
        rounds += 1;
        units += round(rounds)?;
    }
    let (after, seconds) = (cpu.work(), start.elapsed().as_secs_f64());
    let rate = |before: u64, after: u64| (after - before) as f64 / seconds;
    Ok(Speed {
        work,
        unit,
        per_second: units as f64 / seconds,
        share_of_peak: rate(before.operations, after.operations) / peak,
        share_of_bandwidth: rate(before.weight_bytes, after.weight_bytes) / bandwidth,
    })
}

/// Pictures that no round has seen before: what was seen is not computed again.
fn looks(round: usize, count: usize) -> Result<Vec<Look>> {
    const SIDE: u32 = 256;
    let pixel = |index: usize, salt: usize| ((index * 31 + salt * 977) % 251) as u8;
    let picture = |index: usize| {
        let rgb = (0..(3 * SIDE * SIDE) as usize).map(|place| pixel(place, round * count + index)).collect();
        Picture::from_rgb8(SIDE, SIDE, rgb).map(Look::new)
    };
    (0..count).map(picture).collect()
}

fn texts(round: usize) -> Vec<String> {
    const THINGS: [&str; 4] = ["dog in the snow", "red boat", "bowl of fruit", "street at night"];
    (0..TEXTS)
        .zip(THINGS.into_iter().cycle())
        .map(|(index, thing)| format!("a photo of a {thing} {}", round + index))
        .collect()
}

#[cfg(all(test, feature = "nano"))]
mod tests {
    use crate::{
        Config, Home,
        assemble::Assembler,
        hub::{Hub, HubOptions},
    };
    use std::ops::ControlFlow;

    #[test]
    fn every_model_of_nano_has_a_speed() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let hub = Hub::new(HubOptions::from_environment(&home));
        let config = Config::load(&home, &[]).unwrap();
        let assembler = Assembler::new(&config, &home, &hub).unwrap();
        let report = super::run(&assembler, &mut |_| ControlFlow::Continue(())).unwrap();
        let works: Vec<&str> = report.speeds.iter().map(|speed| speed.work).collect();
        assert_eq!(works, ["CLIP, pictures", "CLIP, texts", "BLIP, captions", "Reader, answers"]);
        for speed in report.speeds {
            assert!(speed.per_second > 0.0, "{speed:?}");
            assert!(speed.share_of_peak > 0.0 && speed.share_of_peak < 1.0, "{speed:?}");
        }
    }
}
